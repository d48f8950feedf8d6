// Paho for Python, Debian's, in a process of its own: paho_client.py.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { source } from './paths.mjs'
import { atExit } from './processes.mjs'
import { Collected, Listener, within } from './wait.mjs'

const python = '/usr/bin/python3' // Debian's, for which its packages are, whatever else there is
const script = path.join(source, 'tests/integration/support/paho_client.py')

export class PahoClient extends Listener {
  closed // resolves to the reason, when the broker, or we, ended the connection
  #child
  #forget
  #events = new Collected()

  // `how` is as for MqttClient.
  static async connect(how) {
    const client = new PahoClient()
    client.#child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
    client.#forget = atExit(() => client.#child.kill('SIGKILL'))
    client.#listen()
    try {
      await client.#open(how)
    } catch (error) {
      await client.cut()
      throw error
    }
    return client
  }

  #listen() {
    let rest = ''
    this.#child.stdin.on('error', () => {}) // it has ended, as the promises say
    this.#child.stdout.setEncoding('utf8').on('data', (chunk) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      for (const line of lines) this.#hear(JSON.parse(line))
    })
    this.ended = new Promise((resolve) => this.#child.once('close', () => {
      this.#forget()
      this.#hear({ event: 'closed' })
      resolve()
    }))
    this.closed = new Promise((resolve) => { this.over = resolve })
  }

  #hear(event) {
    if (event.event === 'message') {
      const { topic, text, qos, retain, dup, properties } = event
      this.received.add({ topic, text, packet: { qos, retain, dup, properties }, get json() { return JSON.parse(text) } })
    }
    if (event.event === 'closed') {
      if (event.code !== undefined) this.farewell = { reasonCode: event.code }
      this.over(event)
    }
    this.#events.add(event)
  }

  async #open({ port, transport = 'tcp', path: at, ca, version = 4, clientId, clean = true, user, token, keepalive, properties, will }) {
    this.#order('connect', { port: Number(port), transport, path: at, ca, version, clientId, clean, user, token, keepalive, properties, will })
    const { event, code, why, ...connack } = await this.#first('CONNACK', ['connack', 'failed', 'closed'])
    if (event !== 'connack' || code !== 0) throw Object.assign(new Error(why ?? `refused with ${code}`), { code })
    this.connack = connack
  }

  #order(what, how) {
    this.#child.stdin.write(`${JSON.stringify({ do: what, ...how })}\n`)
  }

  // The first event from `from` on that is one of those named.
  async #first(what, names, from = 0, matches = () => true) {
    const [event] = await this.#events.wait(what, (event) =>
      names.includes(event.event) && matches(event) && this.#events.items.indexOf(event) >= from)
    return event
  }

  async subscribe(filter, options = {}) {
    const from = this.#events.items.length
    this.#order('subscribe', { filter, ...(typeof options === 'number' ? { qos: options } : options) })
    const { event, codes } = await this.#first(`SUBACK for ${filter}`, ['suback', 'failed', 'closed'], from)
    if (event !== 'suback' || codes[0] > 2) throw Object.assign(new Error(`the broker refused ${filter}`), { code: codes?.[0] })
    return this
  }

  async publish(topic, payload, { qos = 1, ...options } = {}) {
    const from = this.#events.items.length
    this.#order('publish', { topic, payload: typeof payload === 'string' ? payload : JSON.stringify(payload), qos, ...options })
    const sent = await this.#first(`publishing on ${topic}`, ['publishing', 'failed', 'closed'], from)
    if (sent.event !== 'publishing') throw new Error(sent.why ?? 'publishing closed the connection')
    const { event } = await this.#first(`the acknowledgement on ${topic}`, ['published', 'closed'], from,
      (event) => event.event === 'closed' || event.mid === sent.mid)
    if (event === 'closed') throw new Error('publishing closed the connection')
  }

  async unsubscribe(filter) {
    const from = this.#events.items.length
    this.#order('unsubscribe', { filter })
    const { event } = await this.#first(`UNSUBACK for ${filter}`, ['unsuback', 'failed', 'closed'], from)
    if (event !== 'unsuback') throw new Error('there was no UNSUBACK')
  }

  // It says nothing more, as a machine that hangs.
  hang() {
    this.#child.kill('SIGSTOP')
  }

  // With DISCONNECT.
  leave() {
    return this.end()
  }

  async end() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#order('disconnect')
      await within('the end of Paho’s connection', this.closed)
      this.#child.stdin.end()
    }
    await within('the end of Paho', this.ended)
  }

  // Ends the connection without DISCONNECT, as a lost network does.
  async cut() {
    this.#child.kill('SIGKILL')
    await within('the end of Paho', this.ended)
  }
}
