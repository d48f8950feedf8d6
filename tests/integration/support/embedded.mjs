// In RabbitMQ's place: the engine's own broker, and back ends that speak MQTT to it with an administrator's token.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import { freePort } from './paths.mjs'
import { atExit, output } from './processes.mjs'
import { MqttClient } from './mqtt.mjs'
import { Collected } from './wait.mjs'

export class EmbeddedBroker {
  embedded = true

  static async create() {
    const broker = new EmbeddedBroker()
    broker.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'inboxd-test-'))
    broker.secret = randomBytes(32).toString('hex')
    const secretFile = path.join(broker.dir, 'secret')
    fs.writeFileSync(secretFile, broker.secret, { mode: 0o600 })
    ;[broker.mqttPort, broker.webPort] = (await output(freePort, ['2'])).trim().split('\n').map(Number)
    broker.env = {
      PATH: process.env.PATH, HOME: broker.dir, BROKER: 'embedded', JWT_SECRET_FILE: secretFile,
      MQTT_HOST: '127.0.0.1', MQTT_PORT: String(broker.mqttPort), MQTT_WS_PORT: String(broker.webPort),
      WEB_MQTT_PORT: String(broker.webPort), MQTT_CONNECTS_PER_MINUTE: '0', DRAIN_SECONDS: '0',
    }
    atExit(() => { if (!process.env.KEEP_TEST_DIR) fs.rmSync(broker.dir, { recursive: true, force: true }) })
    return broker
  }

  log() {
    return ''
  }
}

const topicOf = (key) => key.replaceAll('.', '/').replaceAll('*', '+')

// As AmqpClient, by routing keys.
export class BackEnd {
  static async connect(how) {
    const client = new BackEnd()
    client.mqtt = await MqttClient.connect(how)
    client.how = how
    return client
  }

  publish(key, payload) {
    return this.mqtt.publish(topicOf(key), payload)
  }

  async listen(...keys) {
    const heard = new Collected()
    const listener = await MqttClient.connect({
      ...this.how,
      onMessage: ({ topic, text }) => heard.add({ key: topic.replaceAll('/', '.'), text, json: JSON.parse(text), properties: { deliveryMode: 2 } }),
    })
    for (const key of keys) await listener.subscribe(topicOf(key))
    this.listeners = [...(this.listeners ?? []), listener]
    return heard
  }

  async end() {
    for (const listener of this.listeners ?? []) await listener.end()
    await this.mqtt.end()
  }
}
