// What the engine refuses: the sender is told, an operator can count, read and replay it, and nobody else is slowed.
import assert from 'node:assert/strict'
import { deadLetters } from './support/store.mjs'
import { eventually } from './support/wait.mjs'
import { added, chat21Added, embedded, outgoing, prefix, withWorld } from './support/world.mjs'

const maxBytes = 16 * 1024
const deep = (levels) => `{"text":"x","attributes":${'['.repeat(levels)}${']'.repeat(levels)}}`

withWorld('refusals', { settings: { MAX_MESSAGE_BYTES: '16 KiB' } }, (scenario) => {
  // Its own client each time: the engine must go on serving, whatever came before.
  async function assertServes(world) {
    const user = `witness${Math.floor(Math.random() * 1e9)}`
    const client = await world.inbox(user)
    await client.publish(outgoing(user, 'anyone'), { text: 'still there?' })
    await client.wait(added(user, 'anyone'))
    await client.end()
  }

  const refusedPayloads = [
    ['not JSON', 'hello', 'bad_json'],
    ['nothing at all', '', 'bad_json'],
    ['not an object', '[1,2,3]', 'bad_json'],
    ['half an object', '{"text":"x"', 'bad_json'],
    ['two objects', '{"text":"x"}{"text":"y"}', 'bad_json'],
    ['invalid UTF-8', Buffer.from([...Buffer.from('{"text":"'), 0xc3, 0x28, ...Buffer.from('"}')]), 'bad_json'],
    ['a NUL byte', Buffer.from('{"text":"a\0b"}'), 'bad_json'],
    ['nesting beyond the limit', deep(5000), 'too_deep'],
    ['more bytes than the limit', JSON.stringify({ text: 'x'.repeat(maxBytes) }), 'too_large'],
    ['a number for the text', '{"text":5}', 'bad_field'],
    ['a string for the attributes', '{"text":"x","attributes":"y"}', 'bad_field'],
    ['a string for the timestamp', '{"text":"x","timestamp":"now"}', 'bad_field'],
    ['a number for the channel type', '{"text":"x","channel_type":1}', 'bad_field'],
  ]
  for (const [what, payload, code] of refusedPayloads) {
    scenario(`${what} is refused as ${code}, and the sender is told`, async (world) => {
      const alice = await world.inbox('alice')
      const counted = await world.engine.metric('inboxd_refusals_total', { reason: code })
      const listed = (await deadLetters(world.engine, code)).length
      await alice.publish(outgoing('alice', 'bob'), payload)

      for (const topic of [`${prefix}/alice/bob/messages/-/clientupdated`, 'apps/tilechat/users/alice/messages/bob/-/clientupdated']) {
        const { json, text } = await alice.wait(topic)
        assert.deepEqual([json.message_id, json.timelineOf, json.status, json.error.code], ['-', 'alice', -100, code])
        assert.ok(json.error.message.length > 0, text)
      }
      assert.equal(alice.all('/clientadded').length, 0)
      assert.equal(await world.engine.metric('inboxd_refusals_total', { reason: code }), counted + 1)
      assert.equal((await deadLetters(world.engine, code)).length, listed + 1)
      await assertServes(world)
    })
  }

  scenario('the notice names the tempUID, by which the client knows its message', async (world) => {
    const alice = await world.inbox('alice')
    await alice.publish(outgoing('alice', 'bob'), { text: 5, attributes: { tempUID: 'T-1' } })
    const { json } = await alice.wait(`${prefix}/alice/bob/messages/T-1/clientupdated`)
    assert.deepEqual([json.message_id, json.status, json.error.code], ['T-1', -100, 'bad_field'])
  })

  const refusedKeys = [
    ['too few levels', '.apps.tilechat.users.alice.outgoing', 'bad_topic'],
    ['too many levels', '.apps.tilechat.users.alice.bob.carol.messages.outgoing', 'bad_topic'],
    ['Chat21: too few levels', 'apps.tilechat.outgoing.users.alice.outgoing', 'bad_topic'],
    ['Chat21: an unknown operation', 'apps.tilechat.outgoing.users.alice.messages.bob.incoming', 'bad_topic'],
    ['an id with a blank', '.apps.tilechat.users.alice.b ob.messages.outgoing', 'bad_id'],
    ['an id with a percent sign', '.apps.tilechat.users.alice.b%2Fb.messages.outgoing', 'bad_id'],
    ['a reserved id', '.apps.tilechat.users.alice.conversations.messages.outgoing', 'bad_id'],
    ['an id of 129 bytes', `.apps.tilechat.users.alice.${'b'.repeat(129)}.messages.outgoing`, 'bad_id'],
    ['keys that would pass 255 bytes', `.apps.tilechat.users.${'a'.repeat(100)}.${'b'.repeat(100)}.messages.outgoing`, 'key_too_long'],
    ['a receipt for no message', 'apps.tilechat.users.alice.messages.bob.m1.update', 'not_found'],
    ['a patch of no conversation', 'apps.tilechat.users.alice.conversations.bob.update', 'not_found'],
  ]
  for (const [what, key, code] of refusedKeys) {
    scenario(`${what} is refused as ${code}`, async (world) => {
      const backend = await world.amqp() // a broker login that may publish anything
      const before = (await deadLetters(world.engine, code)).length
      await backend.publish(key, { text: 'x', status: 200 })
      const letters = await eventually('a dead letter', async () => {
        const list = await deadLetters(world.engine, code)
        return list.length > before && list
      })
      assert.ok(letters.some((letter) => letter.routing_key === key))
      await assertServes(world)
    })
  }

  scenario('a `.delivered` of a status that no recipient’s copy has is refused as bad_status', async (world) => {
    const backend = await world.amqp()
    await backend.publish('apps.observer.tilechat.users.bob.messages.alice.delivered',
      { message_id: 'm-1', sender: 'alice', recipient: 'bob', status: 100, timestamp: 1600000000000, text: 'x' })
    await eventually('a dead letter', async () => (await deadLetters(world.engine, 'bad_status')).length === 1)
    await assertServes(world)
  })

  scenario('an operator lists and shows them', async (world) => {
    const [letter] = await deadLetters(world.engine, 'bad_status')
    const list = await world.engine.command('dead-letters', 'list')
    assert.equal(list.code, 0, list.stderr)
    assert.ok(list.stdout.includes(letter.id))
    const shown = await world.engine.command('dead-letters', 'show', letter.id)
    assert.equal(shown.code, 0, shown.stderr)
    assert.ok(shown.stdout.includes('bad_status') && shown.stdout.includes(letter.routing_key))
  })

  // Over a restart of the engine, which RabbitMQ's clients do not notice.
  if (!embedded) scenario('once the cause is gone a replayed delivery goes the way of every message, and its dead letter goes', async (world) => {
    const restart = async (layouts) => {
      await world.engine.stop()
      world.engine.env.TOPIC_LAYOUTS = layouts
      await world.engine.start()
    }
    const alice = await world.mqtt('alice')
    const bob = await world.inbox('bob')
    await restart('chat21') // the broker still binds what this engine does not speak now
    await alice.publish(outgoing('alice', 'bob'), { text: 'too early' })
    const key = '.apps.tilechat.users.alice.bob.messages.outgoing'
    const find = async () => (await deadLetters(world.engine, 'bad_topic')).find((letter) => letter.routing_key === key)
    const { id } = await eventually('its dead letter', find)
    await restart('path,chat21')

    const replayed = await world.engine.command('dead-letters', 'replay', id)
    assert.equal(replayed.code, 0, replayed.stderr)
    assert.equal((await bob.wait(chat21Added('bob', 'alice'))).json.text, 'too early')
    await eventually('it is no dead letter any more', async () => !(await find()))
  })

  scenario('a receipt that came before its message is replayed once that is there', async (world) => {
    const bob = await world.inbox('bob')
    await bob.publish('apps/tilechat/users/bob/messages/alice/early-1/update', { status: 200 })
    const find = async () => (await deadLetters(world.engine, 'not_found')).find(({ routing_key: key }) => key.includes('early-1'))
    const { id } = await eventually('its dead letter', find)
    const service = await world.amqp()
    await service.publish('apps.observer.tilechat.users.bob.messages.alice.delivered', {
      message_id: 'early-1', sender: 'alice', recipient: 'bob', text: 'late', status: 150, timestamp: Date.now() })
    await bob.wait(chat21Added('bob', 'alice'), { matches: ({ json }) => json.message_id === 'early-1' })

    const replayed = await world.engine.command('dead-letters', 'replay', id)
    assert.equal(replayed.code, 0, replayed.stderr)
    await eventually('it is no dead letter any more', async () => !(await find()))
  })

  scenario('a thousand bad messages do not hold up a good one', async (world) => {
    const alice = await world.inbox('alice')
    const refused = await world.engine.metric('inboxd_refusals_total')
    await Promise.all(Array.from({ length: 1000 }, (_, n) =>
      alice.publish(outgoing('alice', 'bob'), refusedPayloads[n % 6][1])))
    await alice.publish(outgoing('alice', 'bob'), { text: 'after all that' })
    await alice.wait(added('alice', 'bob'))
    assert.equal(await world.engine.metric('inboxd_refusals_total'), refused + 1000)
    assert.equal(await world.engine.metric('inboxd_deliveries_total', { outcome: 'refused' }), refused + 1000)
  })
})
