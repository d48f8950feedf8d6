// One broker, one engine, and their clients: what most tests start with.
import { BackEnd, EmbeddedBroker } from './embedded.mjs'
import { describe, it } from 'node:test'
import { AmqpClient } from './amqp.mjs'
import { Broker } from './broker.mjs'
import { Engine } from './engine.mjs'
import { serviceClaims, sign } from './jwt.mjs'
import { MqttClient } from './mqtt.mjs'
import { inboxd } from './paths.mjs'
import { endLeftovers, output } from './processes.mjs'

export const prefix = '/apps/tilechat/users'
export const outgoing = (me, peer) => `${prefix}/${me}/${peer}/messages/outgoing`
export const added = (me, peer) => `${prefix}/${me}/${peer}/messages/clientadded`
export const chat21Outgoing = (me, peer) => `apps/tilechat/outgoing/users/${me}/messages/${peer}/outgoing`
export const chat21Added = (me, peer) => `apps/tilechat/users/${me}/messages/${peer}/clientadded`

// The same tests run on both brokers.
export const embedded = process.env.TEST_BROKER === 'embedded'

export class World {
  #clients = []
  #count = 0

  // `settings` are the engine's; with `engine: false` it is made, and not started.
  static async create(settings = {}, { engine = true } = {}) {
    const world = new World()
    try {
      world.broker = await (embedded ? EmbeddedBroker : Broker).create()
      world.engine = await Engine.create(world.broker, settings)
      world.env = world.engine.env
      if (engine) await world.engine.start()
    } catch (error) {
      world.report()
      throw error
    }
    return world
  }

  async close() {
    try {
      for (const client of this.#clients) await client.end().catch(() => {})
      if (this.engine?.running) await this.engine.stop()
    } finally {
      endLeftovers()
    }
  }

  // What to look at when a test has failed.
  report() {
    const tail = (text) => text.split('\n').slice(-60).join('\n')
    console.error(`--- engine ---\n${tail(this.engine?.log ?? '')}\n--- broker ---\n${tail(this.broker?.log() ?? '')}`)
  }

  async token(user, ...args) {
    return (await output(inboxd, ['token', '--user', user, ...args], { env: this.env })).trim()
  }

  serviceToken() {
    return sign({ ...serviceClaims(), app_id: 'tilechat', tiledesk_api_roles: 'admin' }, this.broker.secret)
  }

  // A connected client of `user`, with a strict token unless another is given.
  async mqtt(user, { ws = false, token, ...how } = {}) {
    const port = ws ? this.broker.webPort : this.broker.mqttPort
    const client = await MqttClient.connect({ port, ws, token: token ?? await this.token(user), ...how })
    this.#clients.push(client)
    return client
  }

  // A connected client of another kind (clients.mjs), as `how` says.
  async open(kind, how = {}) {
    const client = await kind.connect({ port: this.broker.mqttPort, ...how })
    this.#clients.push(client)
    return client
  }

  // A user's client, subscribed to the whole inbox in both layouts.
  async inbox(user, how = {}) {
    const client = await this.mqtt(user, how)
    await client.subscribe(`${prefix}/${user}/#`)
    await client.subscribe(`apps/tilechat/users/${user}/#`)
    return client
  }

  // A back end's client: by AMQP, or where there is none by MQTT.
  async amqp(token = this.serviceToken(), user = 'backend') {
    const client = embedded ? await BackEnd.connect({ port: this.broker.mqttPort, token })
      : await AmqpClient.connect({ port: this.broker.amqpPort, token, user })
    this.#clients.push(client)
    return client
  }

  // What the Mosquitto programs need to log in as `user`.
  async mosquitto(user) {
    return { port: this.broker.mqttPort, token: await this.token(user), clientId: `${user}-${process.pid}-${++this.#count}` }
  }
}

// A `describe` with a world, whose logs are printed when one of its tests fails. `tests` gets `scenario(name, body)`, whose
// body gets the world, and `scenario.ofRabbitMQ(name, body)` for what there is on no other broker.
export function withWorld(name, options, tests) {
  describe(name, () => {
    let world
    it('a broker and an engine start', async () => { world = await World.create(options.settings, options) })
    const scenario = (title, body) => it(title, async () => {
      if (!world) throw new Error('there is no broker or engine to test with')
      try {
        await body(world)
      } catch (error) {
        world.report()
        throw error
      }
    })
    scenario.ofRabbitMQ = embedded ? (title) => it(title, { skip: 'there is no RabbitMQ' }) : scenario
    tests(scenario)
    it('the engine stops in good order', async () => { await world?.close() })
  })
}
