// The engine is killed at random moments under load: every message that the broker took is stored once, and delivered
// under one id, in order.
import { eventually } from '../integration/support/wait.mjs'
import { withWorld } from '../integration/support/world.mjs'
import { random, seed, Traffic } from './traffic.mjs'

const kills = 20
const rate = 1000 // messages a second

withWorld('the engine is killed', { settings: { LOG_LEVEL: 'warn' } }, (scenario) => {
  scenario(`${kills} times at random moments under ${rate} messages a second`, async (world) => {
    const chance = random(seed())
    const traffic = new Traffic(world, { label: 'kill', tempUid: (n) => n % 4 < 2 })
    await traffic.connect()
    await traffic.run(rate, async () => {
      for (let n = 0; n < kills; ++n) {
        // Sometimes before it is up again, mostly in the middle of its work.
        const moment = traffic.published + 20 + Math.floor(chance() * 1500)
        await eventually('the next moment', () => traffic.published >= moment, 60_000)
        await world.engine.kill()
        world.engine.launch()
      }
      await world.engine.ready()
    })
    await traffic.settle()
    await traffic.assertOnce(world.engine)
    traffic.assertOrder()
  })
})
