// An MQTT 3.1.1 client that keeps its session and comes back by itself, as mqtt.js does, but sends again all that is not
// acknowledged at once and marked DUP, where mqtt.js waits for the answer to each: after every fault of a test under
// thousands of messages a second that would be most of its time.
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import mqttPacket from 'mqtt-packet'
import { within } from './wait.mjs'

const protocol = { protocolVersion: 4 }

export class PipeliningClient {
  #how
  #socket
  #admitted = false // there was a CONNACK: what is new goes out, after what is sent again
  #ended = false
  #lastId = 0
  #unacknowledged = new Map() // packet id → { packet, acknowledged }, in the order of sending
  #answers = new Map() // packet id → resolve, of SUBSCRIBE
  #connected
  #noteConnected

  // `how`: { port, token, clientId, onMessage }
  static async connect(how) {
    const client = new PipeliningClient()
    client.#how = how
    client.#disconnected()
    client.#keepConnected()
    await within('CONNACK', client.#connected, 30_000)
    return client
  }

  #disconnected() {
    this.#connected = new Promise((resolve) => { this.#noteConnected = resolve })
  }

  async #keepConnected() {
    while (!this.#ended) {
      await this.#oneConnection()
      this.#disconnected()
      await pause(20) // before the next attempt: the server may not be there yet
    }
  }

  #oneConnection() {
    return new Promise((over) => {
      const { port, token, clientId } = this.#how
      const socket = net.connect(port, '127.0.0.1')
      this.#socket = socket
      const parser = mqttPacket.parser(protocol)
      parser.on('packet', (packet) => this.#handle(packet))
      socket.setNoDelay(true)
      socket.on('connect', () => this.#send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: false, clientId, keepalive: 60, username: 'JWT', password: token }))
      socket.on('data', (data) => parser.parse(data))
      socket.on('error', () => {})
      socket.on('close', () => { this.#socket = undefined; this.#admitted = false; over() })
    })
  }

  #send(packet) {
    this.#socket?.write(mqttPacket.generate(packet, protocol))
  }

  #handle(packet) {
    switch (packet.cmd) {
      case 'connack':
        if (packet.returnCode !== 0) return this.#socket.destroy()
        this.#admitted = true
        this.#noteConnected()
        for (const { packet: unanswered } of this.#unacknowledged.values()) this.#send({ ...unanswered, dup: true })
        return
      case 'suback':
        return this.#answers.get(packet.messageId)?.(packet.granted)
      case 'puback': {
        const sent = this.#unacknowledged.get(packet.messageId)
        this.#unacknowledged.delete(packet.messageId)
        return sent?.acknowledged()
      }
      case 'publish': {
        const text = packet.payload.toString()
        this.#how.onMessage({ topic: packet.topic, text, json: JSON.parse(text), packet })
        if (packet.qos === 1) this.#send({ cmd: 'puback', messageId: packet.messageId })
        return
      }
    }
  }

  #nextId() {
    do this.#lastId = (this.#lastId % 65_535) + 1
    while (this.#unacknowledged.has(this.#lastId))
    return this.#lastId
  }

  async subscribe(topic, qos = 1) {
    const messageId = this.#nextId()
    const answered = new Promise((resolve) => { this.#answers.set(messageId, resolve) })
    this.#send({ cmd: 'subscribe', messageId, subscriptions: [{ topic, qos }] })
    const [granted] = await within(`SUBACK for ${topic}`, answered)
    if (granted > 2) throw new Error(`the broker refused ${topic}`)
  }

  // Publishes until there is a PUBACK, over as many connections as it takes.
  publishDurably(topic, text, acknowledged) {
    const packet = { cmd: 'publish', topic, payload: text, qos: 1, dup: false, retain: false, messageId: this.#nextId() }
    this.#unacknowledged.set(packet.messageId, { packet, acknowledged })
    if (this.#admitted) this.#send(packet)
  }

  async end() {
    this.#ended = true
    this.#socket?.destroy()
  }
}
