// The broker goes away and comes back under load: what it took is neither lost nor doubled, for clients with persistent
// sessions that publish with QoS 1.
import { eventually } from '../integration/support/wait.mjs'
import { withWorld } from '../integration/support/world.mjs'
import { Traffic } from './traffic.mjs'

const rate = 300 // messages a second

// A client that keeps its session, and comes back as soon as it can.
const session = (name) => ({ clientId: `${name}-${process.pid}`, clean: false, reconnect: 200 })

withWorld('the broker goes away', { settings: { LOG_LEVEL: 'warn' } }, (scenario) => {
  const ways = [
    ['restart', 'it is restarted', (broker) => broker.stop()],
    ['crash', 'it crashes', (broker) => broker.kill()],
  ]
  for (const [label, what, end] of ways) {
    scenario(`${what} under ${rate} messages a second`, async (world) => {
      // A client that saw no PUBACK sends again; its tempUID makes that harmless.
      const traffic = new Traffic(world, { label, tempUid: () => true, session })
      await traffic.connect()
      await traffic.run(rate, async () => {
        for (let n = 0; n < 2; ++n) {
          const moment = traffic.acknowledged + 2 * rate
          await eventually('traffic flows', () => traffic.acknowledged >= moment, 60_000)
          await end(world.broker)
          await world.broker.start()
          await world.engine.ready()
        }
      })
      await traffic.settle()
      await traffic.assertOnce(world.engine)
    })
  }
})
