// Sending twice, and what passes through unchanged.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { bodies, timeline } from './support/store.mjs'
import { added, chat21Outgoing, outgoing, withWorld } from './support/world.mjs'

withWorld('sending twice, and passing through', {}, (scenario) => {
  scenario('a resend with the same tempUID gets the first id, makes no second row, and is answered to the sender', async (world) => {
    const alice = await world.inbox('alice')
    const bob = await world.inbox('bob')
    const message = { text: 'once', attributes: { tempUID: randomUUID() } }
    await alice.publish(outgoing('alice', 'bob'), message)
    const first = (await alice.wait(added('alice', 'bob'))).json
    await alice.publish(outgoing('alice', 'bob'), message)
    await alice.publish(chat21Outgoing('alice', 'bob'), message) // by the other layout it is the same message

    const answers = await alice.wait(added('alice', 'bob'), { count: 3 })
    assert.deepEqual(new Set(answers.map((answer) => answer.json.message_id)), new Set([first.message_id]))
    assert.equal((await timeline(world.engine, 'alice', 'bob')).length, 1)
    assert.equal((await timeline(world.engine, 'bob', 'alice')).length, 1)
    await alice.publish(outgoing('alice', 'bob'), { text: 'marker' })
    await bob.wait(added('bob', 'alice'), { matches: ({ json }) => json.text === 'marker' })
    assert.equal(bob.all(added('bob', 'alice')).length, 2, 'the recipient hears of it once')
  })

  scenario('the same tempUID from or to somebody else is another message', async (world) => {
    const carol = await world.inbox('carol')
    const attributes = { tempUID: randomUUID() }
    await carol.publish(outgoing('carol', 'dave'), { text: 'a', attributes })
    await carol.publish(outgoing('carol', 'erin'), { text: 'b', attributes })
    const one = (await carol.wait(added('carol', 'dave'))).json
    const other = (await carol.wait(added('carol', 'erin'))).json
    assert.notEqual(one.message_id, other.message_id)
  })

  scenario('without tempUID two equal messages are two', async (world) => {
    const frank = await world.inbox('frank')
    await frank.publish(outgoing('frank', 'gina'), '{"text":"twin"}')
    await frank.publish(outgoing('frank', 'gina'), '{"text":"twin"}')
    const twins = await frank.wait(added('frank', 'gina'), { count: 2 })
    assert.notEqual(twins[0].json.message_id, twins[1].json.message_id)
    assert.equal((await timeline(world.engine, 'gina', 'frank')).length, 2)
  })

  scenario('fields that the engine does not know come out byte for byte', async (world) => {
    const alice = await world.mqtt('alice')
    const bob = await world.inbox('bob')
    const fields = [
      '"big":123456789012345678901234567890', '"exact":0.10000000000000000000000001', '"tiny":1.0e-400',
      '"escaped":"\\u00e9\\/\\ud83d\\ude00"', '"raw":"é 😀"', '"deep":{"a":[{"b":{"c":[1.50,null,true,{}]}}]}',
      '"metadata":""', '"attributes":{"tiledesk_message_id":"x","n":18446744073709551616}', '"":"empty name"',
    ]
    await alice.publish(outgoing('alice', 'bob'), `{${fields.join(', ')}, "text":"bytes"}`)
    const { text } = await bob.wait(added('bob', 'alice'))
    for (const field of fields) assert.ok(text.includes(field), `${field} in ${text}`)
    JSON.parse(text)
  })

  scenario('attributes that are absent stay absent, and null stays null', async (world) => {
    const alice = await world.mqtt('alice')
    const hugo = await world.inbox('hugo')
    await alice.publish(outgoing('alice', 'hugo'), '{"text":"none"}')
    await alice.publish(outgoing('alice', 'hugo'), '{"text":"null","attributes":null}')
    const [none, nil] = (await hugo.wait(added('hugo', 'alice'), { count: 2 })).map((message) => message.json)
    assert.ok(!('attributes' in none))
    assert.equal(nil.attributes, null)
  })

  scenario('a client’s own timestamp of the past is kept', async (world) => {
    const alice = await world.mqtt('alice')
    const ivan = await world.inbox('ivan')
    await alice.publish(outgoing('alice', 'ivan'), { text: 'old', timestamp: 1600000000000 })
    assert.equal((await ivan.wait(added('ivan', 'alice'))).json.timestamp, 1600000000000)
    assert.equal((await bodies(world.engine)).find((body) => body.text === 'old').timestamp, 1600000000000)
  })
})
