// The engine under test: the real binary, with a store of its own.
import fs from 'node:fs'
import path from 'node:path'
import { freePort, inboxd, storeDumpTool } from './paths.mjs'
import { output, run, Running } from './processes.mjs'
import { eventually, within } from './wait.mjs'

export class Engine {
  #process
  log = '' // of all its lives

  constructor(env) {
    this.env = env
    this.dataDir = env.DATA_DIR
    this.url = `http://127.0.0.1:${env.HTTP_PORT}`
  }

  // Does not start it yet.
  static async create(broker, settings = {}, dataDir = 'data') {
    const port = (await output(freePort, [])).trim()
    const env = {
      ...broker.env, HTTP_PORT: port, METRICS_PORT: '0', DATA_DIR: path.join(broker.dir, dataDir),
      LOG_LEVEL: 'debug', RECONNECT_MAX: '1 s', STANDBY_RETRY: '100 ms', ...settings,
    }
    return new Engine(env)
  }

  launch() {
    this.#process = new Running(inboxd, ['serve'], { env: this.env, onText: (text) => { this.log += text } })
    return this
  }

  async start() {
    this.launch()
    await this.ready()
    return this
  }

  get pid() {
    return this.#process.pid
  }

  get running() {
    return this.#process !== undefined && !this.#process.over
  }

  get ended() {
    return this.#process.ended
  }

  async get(resource) {
    const response = await fetch(this.url + resource)
    return { status: response.status, text: await response.text() }
  }

  // Waits until it says that it is ready, or not ready.
  ready(yes = true, deadline = 30_000) {
    const ended = this.ended.then(({ code }) => { throw new Error(`the engine ended with ${code}`) })
    const asked = eventually(`engine ${yes ? '' : 'not '}ready`,
      async () => ((await this.get('/health/ready')).status === 200) === yes, deadline)
    return Promise.race([asked, ended])
  }

  signal(name) {
    this.#process.signal(name)
  }

  kill() {
    return this.#process.end('SIGKILL')
  }

  // Stops it in good order: { code, signal }.
  stop() {
    return this.#process.end('SIGTERM')
  }

  end(deadline = 30_000) {
    return within('the end of the engine', this.ended, deadline)
  }

  // A subcommand with this engine's settings: { code, stdout, stderr }.
  command(...args) {
    return run(inboxd, args, { env: this.env })
  }

  // The value of a metric, summed over its label sets that hold all of `labels`; 0 if there is none.
  async metric(name, labels = {}) {
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
    const { text } = await this.get('/metrics')
    return text.split('\n').filter((line) => line.split(/[ {]/, 1)[0] === name)
      .filter((line) => wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  // The rows of one table of the store, also while the engine runs.
  async dump(table) {
    if (!fs.existsSync(this.dataDir)) return []
    const text = await output(storeDumpTool, [this.dataDir, table])
    return text.split('\n').filter(Boolean).map((line) => JSON.parse(line))
  }
}
