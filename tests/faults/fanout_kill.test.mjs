// The engine is killed in the middle of serving a large group: every member gets every message, under one id, in order.
import assert from 'node:assert/strict'
import { eventually } from '../integration/support/wait.mjs'
import { chat21Outgoing, withWorld } from '../integration/support/world.mjs'
import { random, seed } from './traffic.mjs'

const members = 400
const messages = 12
const kills = 6

withWorld('the engine is killed while it serves a large group', { settings: { FANOUT_SLICE: '16', LOG_LEVEL: 'warn' } }, (scenario) => {
  scenario('the fan-out goes on where it was', async (world) => {
    const chance = random(seed())
    const backend = await world.amqp()
    const heard = await backend.listen('apps.tilechat.users.*.messages.group-large.clientadded')
    const names = ['alice', ...Array.from({ length: members - 1 }, (_, n) => `member-${n}`)]
    await backend.publish('apps.observer.tilechat.groups.update', {
      group: { uid: 'group-large', appId: 'tilechat', name: 'large', owner: 'alice', members: Object.fromEntries(names.map((name) => [name, 1])) },
      notify_to: { alice: 1 },
    })
    await eventually('the group is known', async () => (await world.engine.dump('groups')).length === 1)

    const alice = await world.mqtt('alice')
    for (let n = 0; n < messages; ++n) await alice.publish(chat21Outgoing('alice', 'group-large'), { text: `${n}` })
    for (let n = 0; n < kills; ++n) {
      const due = Math.floor(((n + chance()) / kills) * members * messages)
      await eventually('some more copies', () => heard.items.length >= due, 30_000)
      await world.engine.kill()
      await world.engine.start()
    }
    await eventually('all jobs are done', async () =>
      (await world.engine.dump('jobs')).length === 0 && (await backend.queueDepth('messages')) === 0, 60_000)
    await heard.wait('copies', () => true, { count: members * messages, deadline: 60_000 })

    const bodies = (await world.engine.dump('messages')).map((row) => row.body)
    assert.equal(bodies.length, messages, 'each body is stored once')
    const ids = bodies.sort((a, b) => Number(a.text) - Number(b.text)).map((body) => body.message_id)
    const rows = await world.engine.dump('timelines')
    for (const name of names) {
      const copies = heard.items.filter(({ key }) => key.includes(`.users.${name}.`)).map(({ json }) => json.message_id)
      assert.deepEqual([...new Set(copies)], ids, `what ${name} got, in the order of first arrival`)
      assert.equal(rows.filter((row) => row.owner === name && row.peer === 'group-large').length, messages, `rows of ${name}`)
    }
    console.log(`${members * messages} copies; ${heard.items.length - members * messages} came again, under the same id`)
  })
})
