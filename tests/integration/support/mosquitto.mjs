// The Mosquitto programs as a client like the others: each subscription and each publication is a process, and a connection.
import { Running, run } from './processes.mjs'
import { Listener, eventually } from './wait.mjs'

// What `-D` calls mqtt.js's properties.
const names = {
  contentType: 'content-type', messageExpiryInterval: 'message-expiry-interval', responseTopic: 'response-topic',
  correlationData: 'correlation-data', payloadFormatIndicator: 'payload-format-indicator', subscriptionIdentifier: 'subscription-identifier',
  willDelayInterval: 'will-delay-interval', maximumPacketSize: 'maximum-packet-size',
  topicAliasMaximum: 'topic-alias-maximum', receiveMaximum: 'receive-maximum',
}

function declared(packet, properties = {}) {
  return Object.entries(properties).flatMap(([name, value]) => {
    if (name === 'sessionExpiryInterval') return ['-x', String(value)]
    if (name === 'userProperties') return Object.entries(value).flatMap(([key, text]) => ['-D', packet, 'user-property', key, text])
    return ['-D', packet, names[name], String(Number(value) || value)]
  })
}

let publishers = 0

export class MosquittoClient extends Listener {
  #how
  #subs = []

  // `how` is as for MqttClient. It connects to subscribe, and to publish.
  static async connect(how) {
    const client = new MosquittoClient()
    client.#how = how
    return client
  }

  #login(clientId) {
    const { port, transport = 'tcp', ca, version = 4, user = 'JWT', token } = this.#how
    if (!['tcp', 'tls'].includes(transport)) throw new Error('Debian’s Mosquitto programs know no WebSocket')
    return ['-h', '127.0.0.1', '-p', String(port), '-V', version === 5 ? 'mqttv5' : 'mqttv311',
      ...(clientId ? ['-i', clientId] : []), ...(ca ? ['--cafile', ca] : []), ...(token ? ['-u', user, '-P', token] : [])]
  }

  #willing() {
    const { will } = this.#how
    if (!will) return []
    return ['--will-topic', will.topic, '--will-payload', will.payload, '--will-qos', String(will.qos ?? 0),
      ...(will.retain ? ['--will-retain'] : []), ...declared('will', will.properties)]
  }

  async subscribe(filters, options = 1) {
    const { qos = 1, nl, rap, properties } = typeof options === 'number' ? { qos: options } : options
    const { clientId, clean = true, properties: ofConnect } = this.#how
    const id = clientId && this.#subs.length > 0 ? `${clientId}-${this.#subs.length + 1}` : clientId
    // Line by line, though its output is no terminal.
    let rest = ''
    const sub = new Running('stdbuf', ['-oL', 'mosquitto_sub', ...this.#login(id), ...this.#willing(), ...(clean ? [] : ['-c']),
      ...declared('connect', ofConnect), ...declared('subscribe', properties), ...(nl ? ['--no-local'] : []),
      ...(rap ? ['--retain-as-published'] : []), '-d', '-q', String(qos), ...[filters].flat().flatMap((filter) => ['-t', filter]), '-F', '>> %j'],
    { onText: (chunk) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      for (const line of lines) if (line.startsWith('>> ')) this.#hear(JSON.parse(line.slice(3)))
    } })
    this.#subs.push(sub)
    const answered = await eventually('mosquitto_sub’s SUBACK', () => /Subscribed \(mid: \d+\): (\d+)/.exec(sub.text) ?? (sub.over && ['', '128']))
    if (Number(answered[1]) > 2) throw Object.assign(new Error(`the broker refused ${filters}`), { code: Number(answered[1]) })
    this.closed = sub.ended
    return this
  }

  #hear({ topic, payload, qos, retain, properties }) {
    this.received.add({ topic, text: payload ?? '', packet: { qos, retain: Boolean(retain), properties: shown(properties) },
      get json() { return JSON.parse(payload) } })
  }

  async publish(topic, payload, { qos = 1, retain = false, properties } = {}) {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
    const id = this.#how.clientId ? `${this.#how.clientId}-pub${++publishers}` : undefined
    const { code, stderr } = await run('mosquitto_pub', [...this.#login(id), '-q', String(qos), '-t', topic, ...(retain ? ['-r'] : []),
      ...declared('publish', properties), ...(text === '' ? ['-n'] : ['-s'])], { input: text })
    if (code !== 0 || /Warning|Error/.test(stderr)) throw new Error(`mosquitto_pub: exit ${code}, ${stderr}`)
  }

  // With DISCONNECT.
  leave() {
    return this.end()
  }

  async end() {
    for (const sub of this.#subs.splice(0)) await sub.end('SIGTERM')
  }

  // Ends the connection without DISCONNECT, as a lost network does.
  async cut() {
    for (const sub of this.#subs.splice(0)) await sub.end('SIGKILL')
  }
}

// The properties of a message, by mqtt.js’s names.
function shown(properties = {}) {
  const back = Object.fromEntries(Object.entries(names).map(([ours, theirs]) => [theirs, ours]))
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => {
    if (name === 'user-properties') return ['userProperties', value]
    if (name === 'payload-format-indicator') return ['payloadFormatIndicator', Boolean(value)]
    return [back[name] ?? name, value]
  }))
}
