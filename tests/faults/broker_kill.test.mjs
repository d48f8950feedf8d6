// The process that is broker and engine in one is killed at random moments under load: every message that it
// acknowledged is stored once, and delivered under one id, in order.
import { eventually } from '../integration/support/wait.mjs'
import { PipeliningClient } from '../integration/support/pipelining_client.mjs'
import { withWorld } from '../integration/support/world.mjs'
import { random, seed, Traffic } from './traffic.mjs'

const kills = 20

// Half of the messages carry a tempUID: the others are known again by their packet ids alone.
const tempUid = (n) => n % 4 < 2

async function killed(world, { label, rate, most, client, keepsOrder }) {
  const chance = random(seed())
  const session = (name) => ({ clientId: `${name}-device`, clean: false, reconnect: 50 })
  const traffic = new Traffic(world, { label, tempUid, session, most, client })
  await traffic.connect()
  await traffic.run(rate, async () => {
    for (let n = 0; n < kills; ++n) {
      // Sometimes before anybody is back, mostly in the middle of its work.
      const moment = traffic.acknowledged + Math.floor((chance() * rate) / 2)
      await eventually('the next moment', () => traffic.acknowledged >= moment, 60_000)
      await world.engine.kill()
      world.engine.launch()
    }
    await world.engine.ready()
  })
  await traffic.settle()
  await traffic.assertOnce(world.engine)
  if (keepsOrder) traffic.assertOrder()
}

withWorld('the embedded broker is killed', { settings: { LOG_LEVEL: 'warn', MQTT_MAX_QUEUED: '1000000' } }, (scenario) => {
  scenario(`${kills} times at random moments under 5,000 messages a second`, async (world) => {
    const clients = []
    const client = async (name, how) => {
      clients.push(await PipeliningClient.connect({ ...how, port: world.broker.mqttPort, token: await world.token(name) }))
      return clients.at(-1)
    }
    try {
      await killed(world, { label: 'kill', rate: 5000, client, keepsOrder: true })
    } finally {
      for (const one of clients) await one.end()
    }
  })

  // It sends again one by one, does not say so by DUP, and may let new messages go first.
  scenario(`${kills} times at random moments under mqtt.js`, (world) => killed(world, { label: 'mqttjs', rate: 500, most: 100 }))
})
