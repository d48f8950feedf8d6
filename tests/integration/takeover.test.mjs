// The engine takes over a broker that another Chat21 server has used: its queues as they are, with what waits in them.
import assert from 'node:assert/strict'
import { bodies, conversation, timeline } from './support/store.mjs'
import { eventually } from './support/wait.mjs'
import { added, chat21Added, embedded, withWorld } from './support/world.mjs'

withWorld('taking over a broker', { engine: embedded }, (scenario) => {
  scenario.ofRabbitMQ('queues declared before the first start, with messages waiting, are consumed as they are', async (world) => {
    const before = await world.amqp()
    await before.onChannel(async (channel) => {
      for (const queue of ['messages', 'persist', 'webhooks']) await channel.assertQueue(queue, { durable: true })
      await channel.assertExchange('amq.topic', 'topic', { durable: true })
      await channel.bindQueue('messages', 'amq.topic', 'apps.tilechat.outgoing.#')
      await channel.bindQueue('messages', 'amq.topic', 'apps.observer.tilechat.users.#.delivered')
      await channel.bindQueue('persist', 'amq.topic', 'apps.observer.tilechat.users.#.persist')
    })
    for (let n = 0; n < 50; ++n) await before.publish('apps.tilechat.outgoing.users.alice.messages.bob.outgoing', { text: `waiting ${n}` })
    await before.publish('apps.observer.tilechat.users.bob.messages.carol.persist',
      { message_id: 'p-1', sender: 'carol', recipient: 'bob', status: 150, timestamp: 1600000000001, text: 'kept' })
    assert.equal(await before.queueDepth('messages'), 50)

    const bob = await world.inbox('bob')
    await world.engine.start()
    const got = await bob.wait(chat21Added('bob', 'alice'), { count: 50 })
    assert.deepEqual(got.map(({ json }) => json.text), Array.from({ length: 50 }, (_, n) => `waiting ${n}`))
    await eventually('both queues are empty', async () =>
      (await before.queueDepth('messages')) === 0 && (await before.queueDepth('persist')) === 0)
    await eventually('`.persist` is stored', async () => (await timeline(world.engine, 'bob', 'carol')).length === 1)
  })

  scenario('`.persist` stores, and publishes nothing', async (world) => {
    const backend = await world.amqp()
    const dave = await world.inbox('dave')
    const body = { message_id: 'p-2', sender: 'erin', recipient: 'dave', status: 150, timestamp: 1600000000002, text: 'silent' }
    await backend.publish('apps.observer.tilechat.users.dave.messages.erin.persist', body)
    const rows = await eventually('it is stored', async () => {
      const list = await timeline(world.engine, 'dave', 'erin')
      return list.length > 0 && list
    })
    assert.deepEqual(rows, [{ message_id: 'p-2', status: 150, timestamp: 1600000000002 }])
    assert.equal((await bodies(world.engine)).find((row) => row.message_id === 'p-2').text, 'silent')
    await backend.publish('apps.observer.tilechat.users.dave.messages.marker.delivered', { ...body, message_id: 'marker', sender: 'marker' })
    await dave.wait(chat21Added('dave', 'marker'))
    assert.equal(dave.all(chat21Added('dave', 'erin')).length, 0)
  })

  scenario('`.delivered` puts one message into one inbox, with the payload’s own id, sender, recipient and time', async (world) => {
    const backend = await world.amqp()
    const frank = await world.inbox('frank')
    await backend.publish('apps.observer.tilechat.users.frank.messages.group-x.delivered', {
      message_id: 'h-1', sender: 'gina', recipient: 'group-x', status: 150, timestamp: 1500000000000, text: 'history',
      channel_type: 'group', __history: 'true', attributes: { sendnotification: false },
    })
    for (const topic of [added('frank', 'group-x'), chat21Added('frank', 'group-x')]) {
      const { json } = await frank.wait(topic)
      assert.deepEqual([json.message_id, json.sender, json.recipient, json.timestamp, json.status, json.__history],
        ['h-1', 'gina', 'group-x', 1500000000000, 150, 'true'])
      assert.equal(json.attributes.sendnotification, false)
    }
    assert.equal((await timeline(world.engine, 'frank', 'group-x')).length, 1)
    assert.equal((await timeline(world.engine, 'gina', 'group-x')).length, 0)
  })

  scenario('an older message does not replace a newer one’s preview', async (world) => {
    const backend = await world.amqp()
    const hugo = await world.inbox('hugo')
    const put = (message_id, timestamp) => backend.publish('apps.observer.tilechat.users.hugo.messages.ivan.delivered',
      { message_id, sender: 'ivan', recipient: 'hugo', status: 150, timestamp, text: message_id })
    await put('newer', 1600000000000)
    await put('older', 1500000000000)
    await hugo.wait(added('hugo', 'ivan'), { count: 2 })
    assert.equal((await conversation(world.engine, 'hugo', 'ivan')).message, 'newer')
  })

  scenario.ofRabbitMQ('the queues keep the arguments that others declare them with', async (world) => {
    const other = await world.amqp()
    await other.onChannel(async (channel) => {
      for (const queue of ['messages', 'persist']) await channel.assertQueue(queue, { durable: true, exclusive: false, autoDelete: false })
    })
  })
})
