// Ordinary MQTT clients: mqtt.js and the Mosquitto programs.
import fs from 'node:fs'
import mqttjs from 'mqtt'
import { Running, run } from './processes.mjs'
import { Listener, eventually, within } from './wait.mjs'

export class MqttClient extends Listener {
  closed // resolves when the broker, or we, ended the connection
  farewell // MQTT 5's DISCONNECT of the broker, if it sent one
  #client
  #again = []

  // `how`: { port, ws, user, token, clientId, clean, reconnect, will, onMessage, version: 4 or 5, transport: tcp, ws, tls or wss, path, ca,
  // properties, options, handle, answer }; options are mqtt.js's own; handle takes the place of its handleMessage, which acknowledges, and
  // answer that of its handleAuth.
  static async connect(how) {
    const client = new MqttClient()
    await client.#open(how)
    return client
  }

  async #open({ port, ws = false, user = 'JWT', token, clientId, clean = true, reconnect = 0, will, onMessage, version = 4,
    transport = ws ? 'ws' : 'tcp', path = '/ws', ca, properties, options, handle, answer }) {
    const scheme = { tcp: 'mqtt', ws: 'ws', tls: 'mqtts', wss: 'wss' }[transport]
    const url = `${scheme}://127.0.0.1:${port}${transport.startsWith('ws') ? path : ''}`
    this.#client = mqttjs.connect(url, {
      protocolVersion: version, username: user, password: token, clean, reconnectPeriod: reconnect, resubscribe: false,
      connectTimeout: 20_000, keepalive: 60, ...(clientId ? { clientId } : {}), ...(will ? { will } : {}),
      ...(properties ? { properties } : {}), ...(ca ? { ca: fs.readFileSync(ca) } : {}), ...options,
    })
    if (handle) this.#client.handleMessage = handle
    if (answer) this.#client.handleAuth = answer
    this.#client.on('disconnect', (packet) => { this.farewell = packet })
    this.#client.on('message', (topic, payload, packet) => {
      const message = { topic, text: payload.toString(), packet }
      Object.defineProperty(message, 'json', { get: () => JSON.parse(message.text) })
      if (onMessage) onMessage(message)
      else this.received.add(message)
    })
    this.#client.on('connect', () => {
      for (const args of this.#again.splice(0)) this.publishDurably(...args)
    })
    this.#client.on('error', () => {}) // seen by the promises below
    this.closed = new Promise((resolve) => this.#client.once('close', resolve))
    const connected = new Promise((resolve, reject) => {
      this.#client.once('connect', (connack) => resolve(connack))
      if (reconnect === 0) {
        this.#client.once('error', reject)
        this.#client.once('close', () => reject(new Error('the broker closed the connection')))
      }
    })
    try {
      this.connack = await within('CONNACK', connected, 30_000)
    } catch (error) {
      this.#client.end(true)
      throw error
    }
  }

  // Rejects unless the broker granted it.
  async subscribe(topic, options = 1) {
    const how = typeof options === 'number' ? { qos: options } : { qos: 1, ...options }
    const refused = this.closed.then(() => { throw new Error(`subscribing closed the connection`) })
    const answered = this.#client.subscribeAsync(topic, how).catch((error) => {
      throw Object.assign(error, { code: error.code ?? error.packet?.granted?.find((code) => code > 2) })
    })
    const granted = await within(`SUBACK for ${topic}`, Promise.race([answered, refused]))
    if (granted.some((grant) => grant.qos > 2)) throw new Error(`the broker refused ${topic}`)
    return this
  }

  // QoS 1 unless told otherwise; resolves with its PUBACK, and rejects if the broker closes the connection instead.
  publish(topic, payload, options = {}) {
    const text = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload)
    const refused = this.closed.then(() => { throw new Error('publishing closed the connection') })
    refused.catch(() => {})
    return within(`PUBACK on ${topic}`,
      Promise.race([this.#client.publishAsync(topic, text, { qos: 1, ...options }), refused]))
  }

  // Resolves once it is acknowledged, on whichever connection; mqtt.js sends what is not, again.
  publishThrough(topic, text, options) {
    return this.#client.publishAsync(topic, text, options)
  }

  // Shows another token (MQTT 5, 3.15), for which mqtt.js has no call of its own.
  authenticate({ reasonCode, properties }) {
    this.#client._sendPacket({ cmd: 'auth', reasonCode, properties })
  }

  // Publishes until there is a PUBACK, over as many connections as it takes.
  publishDurably(topic, text, acknowledged) {
    this.#client.publish(topic, text, { qos: 1 }, (error) => {
      if (!error) acknowledged()
      else this.#again.push([topic, text, acknowledged]) // until it is connected again
    })
  }

  async end() {
    await this.#client.endAsync(true)
  }

  // MQTT 5's reason, if there is one.
  async unsubscribe(topic) {
    return (await within(`UNSUBACK for ${topic}`, this.#client.unsubscribeAsync(topic)))?.granted?.[0]
  }

  // With DISCONNECT, and in MQTT 5 what it is to say.
  async leave(properties) {
    await this.#client.endAsync(false, properties ? { properties } : {})
  }

  // Hears nothing more on this connection once it has sent such a packet: resolves then.
  deafAfter(command) {
    return new Promise((resolve) => {
      const listen = (packet) => {
        if (packet.cmd !== command) return
        this.#client.removeListener('packetsend', listen)
        this.#client.stream.unpipe()
        resolve()
      }
      this.#client.on('packetsend', listen)
    })
  }

  // Breaks the connection; it makes another, if it was told to.
  interrupt() {
    this.#client.stream.destroy()
  }

  // Ends the connection without DISCONNECT, as a lost network does.
  async cut() {
    this.#client.options.reconnectPeriod = 0
    this.#client.stream.destroy()
    await this.closed
  }
}

const login = ({ port, token, clientId }) =>
  ['-h', '127.0.0.1', '-p', String(port), '-V', 'mqttv311', '-u', 'JWT', '-P', token, '-i', clientId]

// mosquitto_sub, subscribed when this returns.
export async function mosquittoSub(how, topic) {
  // Line by line, though its output is no terminal.
  const sub = new Running('stdbuf', ['-oL', 'mosquitto_sub', ...login(how), '-d', '-q', '1', '-t', topic, '-F', '>> %t %p'])
  await eventually('mosquitto_sub subscribed', () => /Subscribed \(mid: \d+\): 1/.test(sub.text))
  return {
    messages: () => sub.text.split('\n').filter((line) => line.startsWith('>> ')).map((line) => {
      const [, topic, payload] = /^>> (\S+) (.*)$/.exec(line)
      return { topic, json: JSON.parse(payload) }
    }),
    end: () => sub.end('SIGTERM'),
  }
}

export async function mosquittoPub(how, topic, payload) {
  const { code, stderr } = await run('mosquitto_pub', [...login(how), '-q', '1', '-t', topic, '-s'], { input: payload })
  if (code !== 0) throw new Error(`mosquitto_pub: ${stderr}`)
}
