// A RabbitMQ node of this test's own, configured by `inboxd rabbitmq-config`.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { freePort, inboxd, rabbitmqNode } from './paths.mjs'
import { atExit, output } from './processes.mjs'

const slow = 120_000

export class Broker {
  static async create() {
    const broker = new Broker()
    await broker.#configure()
    await broker.start()
    return broker
  }

  async #configure() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'inboxd-test-'))
    this.node = path.join(this.dir, 'node')
    fs.mkdirSync(path.join(this.node, 'etc'), { recursive: true })
    this.secret = randomBytes(32).toString('hex')
    this.secretFile = path.join(this.dir, 'secret')
    fs.writeFileSync(this.secretFile, this.secret, { mode: 0o600 })
    const ports = (await output(freePort, ['3'])).trim().split('\n').map(Number)
    ;[this.amqpPort, this.mqttPort, this.webPort] = ports
    // A clean environment: the caller's settings are not this test's.
    this.env = {
      PATH: process.env.PATH, HOME: this.dir,
      RABBITMQ_HOST: '127.0.0.1', RABBITMQ_PORT: String(this.amqpPort), JWT_SECRET_FILE: this.secretFile,
      MQTT_HOST: '127.0.0.1', MQTT_PORT: String(this.mqttPort), WEB_MQTT_PORT: String(this.webPort),
    }
    await output(inboxd, ['rabbitmq-config', '--out', path.join(this.node, 'etc')], { env: this.env })
    atExit(() => {
      execFileSync(rabbitmqNode, ['kill', this.node], { stdio: 'ignore' })
      if (!process.env.KEEP_TEST_DIR) fs.rmSync(this.dir, { recursive: true, force: true })
    })
  }

  start() {
    return output(rabbitmqNode, ['start', this.node], { deadline: slow })
  }

  // In good order, as an operator would.
  stop() {
    return output(rabbitmqNode, ['stop', this.node], { deadline: slow })
  }

  // As a crash would.
  kill() {
    return output(rabbitmqNode, ['kill', this.node], { deadline: slow })
  }

  ctl(...args) {
    return output(rabbitmqNode, ['ctl', this.node, ...args], { deadline: slow })
  }

  log() {
    const dir = path.join(this.node, 'log')
    if (!fs.existsSync(dir)) return ''
    return fs.readdirSync(dir).filter((name) => name.includes('@') && !name.includes('upgrade'))
      .map((name) => fs.readFileSync(path.join(dir, name), 'utf8')).join('\n')
  }
}
