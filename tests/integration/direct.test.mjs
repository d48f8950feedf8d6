// Direct messages through a real broker, in both layouts, by clients that we did not write.
import assert from 'node:assert/strict'
import { mosquittoPub, mosquittoSub } from './support/mqtt.mjs'
import { conversation, timeline } from './support/store.mjs'
import { eventually } from './support/wait.mjs'
import { added, chat21Added, chat21Outgoing, outgoing, withWorld } from './support/world.mjs'

const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

// What a client must find in each copy, whichever layout and inbox it came by.
function assertMessage(json, sender, recipient, status, text) {
  assert.match(json.message_id, uuid7)
  assert.equal(json.sender, sender)
  assert.equal(json.recipient, recipient)
  assert.equal(json.app_id, 'tilechat')
  assert.equal(json.status, status)
  assert.equal(json.text, text)
  assert.ok(Number.isInteger(json.timestamp) && Math.abs(json.timestamp - Date.now()) < 60_000)
}

withWorld('direct messages', {}, (scenario) => {
  scenario('a message sent by the path layout reaches both inboxes in both layouts', async (world) => {
    const alice = await world.inbox('alice')
    const bob = await world.inbox('bob')
    await alice.publish(outgoing('alice', 'bob'), { text: 'one', type: 'text' })

    for (const topic of [added('bob', 'alice'), chat21Added('bob', 'alice')]) {
      assertMessage((await bob.wait(topic)).json, 'alice', 'bob', 150, 'one')
    }
    for (const topic of [added('alice', 'bob'), chat21Added('alice', 'bob')]) {
      assertMessage((await alice.wait(topic)).json, 'alice', 'bob', 100, 'one')
    }
    const ids = [...alice.all('/clientadded'), ...bob.all('/clientadded')].map((message) => message.json.message_id)
    assert.equal(ids.length, 4)
    assert.equal(new Set(ids).size, 1, 'one message has one id, wherever it is seen')
  })

  scenario('a message sent by the Chat21 layout reaches both inboxes in both layouts', async (world) => {
    const carol = await world.inbox('carol')
    const dave = await world.inbox('dave')
    await carol.publish(chat21Outgoing('carol', 'dave'), { text: 'two', type: 'text' })

    for (const topic of [added('dave', 'carol'), chat21Added('dave', 'carol')]) {
      assertMessage((await dave.wait(topic)).json, 'carol', 'dave', 150, 'two')
    }
    for (const topic of [added('carol', 'dave'), chat21Added('carol', 'dave')]) {
      assertMessage((await carol.wait(topic)).json, 'carol', 'dave', 100, 'two')
    }
  })

  scenario('it is stored in both timelines, with a conversation for each of the two', async (world) => {
    const erin = await world.inbox('erin')
    await erin.publish(outgoing('erin', 'frank'), { text: 'three' })
    const { message_id } = (await erin.wait('/clientadded')).json

    const rows = async (owner, peer) => (await timeline(world.engine, owner, peer)).map(({ message_id, status }) => ({ message_id, status }))
    assert.deepEqual(await rows('erin', 'frank'), [{ message_id, status: 100 }])
    assert.deepEqual(await rows('frank', 'erin'), [{ message_id, status: 150 }])
    assert.equal((await conversation(world.engine, 'erin', 'frank')).is_new, false)
    assert.equal((await conversation(world.engine, 'frank', 'erin')).is_new, true)
  })

  scenario('with updateconversation false it is stored and delivered, and the conversation stays as it was', async (world) => {
    const erin = await world.inbox('erin')
    const before = await conversation(world.engine, 'frank', 'erin')
    await erin.publish(outgoing('erin', 'frank'), { text: 'aside', attributes: { updateconversation: false } })
    const { message_id } = (await erin.wait('/clientadded')).json
    assert.equal((await timeline(world.engine, 'frank', 'erin')).at(-1).message_id, message_id)
    assert.deepEqual(await conversation(world.engine, 'frank', 'erin'), before)
  })

  scenario('over WebSocket: /ws with subprotocol mqtt', async (world) => {
    const alice = await world.inbox('alice', { ws: true })
    const bob = await world.inbox('bob', { ws: true })
    await alice.publish(chat21Outgoing('alice', 'bob'), { text: 'by web' })
    assertMessage((await bob.wait(chat21Added('bob', 'alice'))).json, 'alice', 'bob', 150, 'by web')
    assertMessage((await alice.wait(chat21Added('alice', 'bob'))).json, 'alice', 'bob', 100, 'by web')
  })

  scenario('by the Mosquitto programs, to the letter: /apps/tilechat/users/A/B/messages/outgoing', async (world) => {
    const sub = await mosquittoSub(await world.mosquitto('B'), '/apps/tilechat/users/B/#')
    await mosquittoPub(await world.mosquitto('A'), '/apps/tilechat/users/A/B/messages/outgoing', '{"text":"by mosquitto"}')
    const [message] = await eventually('mosquitto_sub prints it', () => sub.messages().length > 0 && sub.messages())
    assert.equal(message.topic, '/apps/tilechat/users/B/A/messages/clientadded')
    assertMessage(message.json, 'A', 'B', 150, 'by mosquitto')
    await sub.end()
  })

  scenario('a message to oneself is one row and one delivery, with status 100', async (world) => {
    const gina = await world.inbox('gina')
    await gina.publish(outgoing('gina', 'gina'), { text: 'note' })
    await gina.publish(outgoing('gina', 'hugo'), { text: 'marker' })
    await gina.wait(added('gina', 'hugo'))
    assert.equal(gina.all(added('gina', 'gina')).length, 1)
    assert.equal(gina.all(added('gina', 'gina'))[0].json.status, 100)
    assert.equal((await timeline(world.engine, 'gina', 'gina')).length, 1)
  })

  scenario('what the client says of sender, recipient, status, app and id does not count', async (world) => {
    const alice = await world.inbox('alice')
    await alice.publish(outgoing('alice', 'ivan'), {
      text: 'forged', sender: 'root', recipient: 'eve', status: 300, app_id: 'other', message_id: 'mine', timestamp: 4102444800000,
    })
    const { json } = await alice.wait(added('alice', 'ivan'))
    assertMessage(json, 'alice', 'ivan', 100, 'forged') // a timestamp in the future became now, too
  })

  scenario('a burst arrives in the order sent, with timestamps that increase', async (world) => {
    const alice = await world.inbox('alice')
    const judy = await world.inbox('judy')
    const count = 200
    await Promise.all(Array.from({ length: count }, (_, n) => alice.publish(outgoing('alice', 'judy'), { text: `${n}` })))
    const got = (await judy.wait(added('judy', 'alice'), { count })).map((message) => message.json)
    assert.deepEqual(got.map((json) => Number(json.text)), Array.from({ length: count }, (_, n) => n))
    for (let n = 1; n < count; ++n) assert.ok(got[n].timestamp > got[n - 1].timestamp)
  })

  scenario('deliveries are persistent: a QoS 1 session that was away finds them', async (world) => {
    const how = { clientId: `ken-${process.pid}`, clean: false }
    const first = await world.inbox('ken', how)
    await first.end()
    const alice = await world.inbox('alice')
    await alice.publish(outgoing('alice', 'ken'), { text: 'while you were away' })
    await alice.wait(added('alice', 'ken'))
    const again = await world.mqtt('ken', how)
    const message = await again.wait(added('ken', 'alice'))
    assert.equal(message.json.text, 'while you were away')
    const amqp = await world.amqp()
    const heard = await amqp.listen('apps.tilechat.users.bob.messages.alice.clientadded')
    await alice.publish(outgoing('alice', 'bob'), { text: 'mode' })
    const [delivery] = await heard.wait('delivery over AMQP', () => true)
    assert.equal(delivery.properties.deliveryMode, 2)
  })
})
