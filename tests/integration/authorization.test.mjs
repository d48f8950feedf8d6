// Whose token opens what, on either broker. Each thing that must not work is tried by a client that could do it if the
// broker, or the engine, let it.
import assert from 'node:assert/strict'
import { deadLetters } from './support/store.mjs'
import { eventually } from './support/wait.mjs'
import { serviceClaims, sign } from './support/jwt.mjs'
import { MqttClient } from './support/mqtt.mjs'
import { added, chat21Added, chat21Outgoing, embedded, outgoing, prefix, withWorld } from './support/world.mjs'

withWorld('authorization', {}, (scenario) => {
  const refusedByBroker = { message: /ACCESS_REFUSED|access.*refused|403/i }

  scenario('own inbox, both layouts, and every publish that a client has: allowed', async (world) => {
    const alice = await world.mqtt('alice')
    for (const filter of [`${prefix}/alice/#`, 'apps/tilechat/users/alice/#', `${prefix}/alice/bob/messages/clientadded`]) {
      await alice.subscribe(filter)
    }
    for (const topic of [
      outgoing('alice', 'bob'), `${prefix}/alice/bob/messages/m1/update`, chat21Outgoing('alice', 'bob'),
      'apps/tilechat/users/alice/messages/bob/m1/update', 'apps/tilechat/users/alice/conversations/bob/update',
      'apps/tilechat/users/alice/conversations/bob/archive', 'apps/tilechat/users/alice/presence/c1',
      'apps/tilechat/users/alice/blocks/carol/update', `${prefix}/alice/blocks/carol/update`,
    ]) await alice.publish(topic, { text: 'x' })
    await alice.wait(added('alice', 'bob'))
    await alice.wait(chat21Added('alice', 'bob'))
  })

  // What strict tokens must not hear. A broker that refuses a subscription says so in SUBACK or closes the connection.
  const deaf = {
    'another’s inbox, path layout': `${prefix}/bob/#`,
    'another’s inbox, Chat21 layout': 'apps/tilechat/users/bob/#',
    'one topic of another’s inbox': added('bob', 'alice'),
    'everything': '#',
    'a wildcard for the user': `${prefix}/+/#`,
    'a wildcard for the user, Chat21 layout': 'apps/tilechat/users/+/#',
    'a wildcard for the leading word': '+/apps/tilechat/users/bob/#',
    'all of the app': 'apps/tilechat/#',
    'what others send': 'apps/tilechat/outgoing/users/#',
    'back ends’ traffic': 'apps/observer/tilechat/#',
    'an id that his own is a prefix of': `${prefix}/aliceandbob/#`,
    'an id that his own is a prefix of, Chat21 layout': 'apps/tilechat/users/alicex/#',
    'an id that is a prefix of his own': 'apps/tilechat/users/ali/#',
  }
  for (const [what, filter] of Object.entries(deaf)) {
    scenario(`MQTT subscription refused: ${what}`, async (world) => {
      const alice = await world.mqtt('alice')
      await assert.rejects(alice.subscribe(filter))
    })
  }

  // What strict tokens must not say.
  const mute = {
    'as another, path layout': outgoing('bob', 'carol'),
    'as another, Chat21 layout': chat21Outgoing('bob', 'carol'),
    'a forged clientadded in another’s inbox': added('bob', 'carol'),
    'a forged clientadded in his own inbox': added('alice', 'bob'),
    'a forged clientadded in his own inbox, Chat21 layout': chat21Added('alice', 'bob'),
    'a forged clientupdated': 'apps/tilechat/users/alice/messages/bob/m1/clientupdated',
    'a group’s new state': 'apps/tilechat/users/alice/groups/group-a/clientupdated',
    'a back end’s delivery': 'apps/observer/tilechat/users/bob/messages/alice/delivered',
    'a back end’s group': 'apps/observer/tilechat/groups/update',
    'as an id that his own is a prefix of': outgoing('alicex', 'bob'),
    'another’s receipt': 'apps/tilechat/users/bob/messages/alice/m1/update',
    'another’s archive': 'apps/tilechat/users/bob/conversations/alice/archive',
    'another’s block, path layout': `${prefix}/bob/blocks/alice/update`,
    'another’s block, Chat21 layout': 'apps/tilechat/users/bob/blocks/alice/update',
    'a forged answer to a block': 'apps/tilechat/users/alice/blocks/bob/clientupdated',
    'a ban': 'apps/observer/tilechat/bans/bob/update',
    'a webhook event': 'observer/webhook/apps/tilechat/message_deliver',
  }
  for (const [what, topic] of Object.entries(mute)) {
    scenario(`MQTT publish refused: ${what}`, async (world) => {
      const alice = await world.mqtt('alice')
      const watcher = await (await world.amqp()).listen(topic.replaceAll('/', '.'))
      await assert.rejects(alice.publish(topic, { text: 'forged' }))
      // The same key by a back end comes through the same bindings: had the forgery passed, it would be here before it.
      await (await world.amqp()).publish(topic.replaceAll('/', '.'), { text: 'marker' })
      await watcher.wait('marker', ({ json }) => json.text === 'marker')
      assert.deepEqual(watcher.items.map(({ json }) => json.text), ['marker'])
    })
  }

  scenario('a last will is checked like a publish', async (world) => {
    const watcher = await (await world.amqp()).listen('.apps.tilechat.users.bob.carol.messages.clientadded')
    const token = await world.token('alice')
    const doomed = await MqttClient.connect({ port: world.broker.mqttPort, token, will: { topic: added('bob', 'carol'), payload: '{"text":"will"}', qos: 1 } })
      .catch(() => undefined) // refusing the connection is as good
    if (doomed) {
      await doomed.cut()
      await eventually('the broker has seen it go', async () => !(await world.broker.ctl('list_connections', 'user', 'protocol')).includes('alice'))
    }
    await (await world.amqp()).publish('.apps.tilechat.users.bob.carol.messages.clientadded', { text: 'marker' })
    await watcher.wait('marker', ({ json }) => json.text === 'marker')
    assert.ok(!watcher.items.some(({ json }) => json.text === 'will'))
  })

  scenario('tokens that are no tokens do not log in, to MQTT or AMQP', async (world) => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { ...serviceClaims('mallory'), app_id: 'tilechat' }
    await world.mqtt('mallory', { token: sign(claims, world.broker.secret) }) // it is not for what they claim
    const bad = {
      'another key': sign(claims, 'f'.repeat(64)),
      'alg none': sign(claims, '', { alg: 'none', typ: 'JWT' }),
      'expired': sign({ ...claims, exp: now - 3600 }, world.broker.secret),
      'another audience': sign({ ...claims, aud: ['elsewhere'] }, world.broker.secret),
      'not a token': 'hello',
    }
    for (const [what, token] of Object.entries(bad)) {
      await assert.rejects(world.mqtt('mallory', { token }), `MQTT: ${what}`)
      if (!embedded) await assert.rejects(world.amqp(token, 'mallory'), `AMQP: ${what}`)
    }
  })

  scenario('nobody logs in without a token, as guest, or as anybody’s default', async (world) => {
    await assert.rejects(world.mqtt('guest', { user: 'guest', token: 'guest' }))
    if (!embedded) await assert.rejects(world.amqp('guest', 'guest'))
    await assert.rejects(MqttClient.connect({ port: world.broker.mqttPort, user: undefined, token: undefined }))
  })

  for (const queue of ['messages', 'persist', 'webhooks']) {
    if (!embedded) scenario(`AMQP, strict token: the queue ${queue} can be neither consumed, read, purged, deleted, bound nor written`, async (world) => {
      const service = await world.amqp()
      await service.onChannel((channel) => channel.assertQueue(queue, { durable: true }))
      const alice = await world.amqp(await world.token('alice'), 'alice')
      await assert.rejects(alice.onChannel((channel) => channel.consume(queue, () => {})), refusedByBroker)
      await assert.rejects(alice.onChannel((channel) => channel.get(queue)), refusedByBroker)
      await assert.rejects(alice.onChannel((channel) => channel.purgeQueue(queue)), refusedByBroker)
      await assert.rejects(alice.onChannel((channel) => channel.deleteQueue(queue)), refusedByBroker)
      await assert.rejects(alice.onChannel((channel) => channel.bindQueue(queue, 'amq.topic', '#')), refusedByBroker)
      await assert.rejects(alice.publish(queue, { text: 'forged' }, { exchange: '' }), refusedByBroker)
    })
  }

  if (!embedded) scenario('AMQP, strict token: no queue of his own hears another’s inbox', async (world) => {
    const alice = await world.amqp(await world.token('alice'), 'alice')
    await assert.rejects(alice.onChannel((channel) => channel.assertQueue('mine')), refusedByBroker)
    await assert.rejects(alice.onChannel(async (channel) => {
      const { queue } = await channel.assertQueue('mqtt-subscription-alice-spyqos1', { durable: false, autoDelete: true })
      await channel.bindQueue(queue, 'amq.topic', '.apps.tilechat.users.bob.#')
    }), refusedByBroker)
  })

  if (!embedded) scenario('AMQP, strict token: publishing as another, and forging what the engine says, is refused', async (world) => {
    const alice = await world.amqp(await world.token('alice'), 'alice')
    for (const key of ['.apps.tilechat.users.bob.carol.messages.outgoing', 'apps.tilechat.outgoing.users.bob.messages.carol.outgoing',
      '.apps.tilechat.users.bob.alice.messages.clientadded', 'apps.observer.tilechat.groups.update']) {
      await assert.rejects(alice.publish(key, { text: 'forged' }), refusedByBroker, key)
    }
  })

  if (!embedded) scenario('AMQP, strict token: no exchange of his own can be made or bound to the engine’s queue', async (world) => {
    const alice = await world.amqp(await world.token('alice'), 'alice')
    await assert.rejects(alice.onChannel((channel) => channel.assertExchange('side', 'topic')), refusedByBroker)
    await assert.rejects(alice.onChannel((channel) => channel.bindQueue('messages', 'amq.fanout', '')), refusedByBroker)
    await assert.rejects(alice.onChannel((channel) => channel.bindExchange('amq.topic', 'amq.fanout', '')), refusedByBroker)
  })

  if (!embedded) scenario('a legacy token can bind another exchange to the queue; the engine refuses what comes by it, for good', async (world) => {
    const mallory = await world.amqp(await world.token('mallory', '--legacy-scopes'), 'mallory')
    const bob = await world.inbox('bob')
    const key = '.apps.tilechat.users.alice.bob.messages.outgoing'
    const service = await world.amqp()
    // Its scopes cover configuring; whatever they do not cover here a careless operator may have done.
    await mallory.onChannel((channel) => channel.assertExchange('side', 'fanout')).catch(() =>
      service.onChannel((channel) => channel.assertExchange('side', 'fanout')))
    await mallory.onChannel((channel) => channel.bindQueue('messages', 'side', '')).catch(() =>
      service.onChannel((channel) => channel.bindQueue('messages', 'side', '')))
    await mallory.publish(key, { text: 'I am alice' }, { exchange: 'side' }).catch(() =>
      service.publish(key, { text: 'I am alice' }, { exchange: 'side' }))

    const [letter] = await eventually('a dead letter', async () => {
      const list = await deadLetters(world.engine, 'foreign_exchange')
      return list.length > 0 && list
    })
    assert.equal(letter.exchange, 'side')
    const replay = await world.engine.command('dead-letters', 'replay', letter.id)
    assert.notEqual(replay.code, 0, 'replaying it would launder the forgery')
    const alice = await world.mqtt('alice')
    await alice.publish(outgoing('alice', 'bob'), { text: 'really alice' })
    await bob.wait(added('bob', 'alice'))
    assert.deepEqual(bob.all(added('bob', 'alice')).map(({ json }) => json.text), ['really alice'])
  })

  if (!embedded) scenario('a delivery that was moved on by way of another queue is refused too: nobody checked its sender', async (world) => {
    const service = await world.amqp()
    const key = '.apps.tilechat.users.alice.carol.messages.outgoing'
    const before = (await deadLetters(world.engine, 'foreign_exchange')).length
    await service.onChannel((channel) => channel.assertQueue('trap', {
      arguments: { 'x-dead-letter-exchange': 'amq.topic', 'x-dead-letter-routing-key': key, 'x-message-ttl': 0 } }))
    await service.publish('trap', { text: 'I am alice, too' }, { exchange: '' })
    await eventually('a dead letter', async () => (await deadLetters(world.engine, 'foreign_exchange')).length === before + 1)
    const rows = await world.engine.dump('timelines')
    assert.ok(!rows.some((row) => row.owner === 'carol' && row.peer === 'alice'))
  })

  scenario('a legacy token serves the Chat21 clients it was made for, in its own inbox', async (world) => {
    const token = await world.token('oldie', '--legacy-scopes')
    const oldie = await world.mqtt('oldie', { token })
    await oldie.subscribe('apps/tilechat/users/oldie/#', 0)
    await oldie.publish(chat21Outgoing('oldie', 'bob'), { text: 'as ever' }, { qos: 0 })
    await oldie.wait(chat21Added('oldie', 'bob'))
    await assert.rejects(oldie.subscribe('apps/tilechat/users/bob/#', 0))
  })

  // Where the engine is the broker, what a client may do is what the protocol knows, whatever its scopes say.
  if (embedded) {
    scenario('a legacy token forges nothing in its own inbox, and one with every scope is still no administrator’s', async (world) => {
      const everything = sign({ ...serviceClaims('oldie'), app_id: 'tilechat' }, world.broker.secret)
      for (const token of [await world.token('oldie', '--legacy-scopes'), everything]) {
        for (const topic of [chat21Added('oldie', 'bob'), added('oldie', 'bob'), chat21Added('bob', 'oldie'), chat21Outgoing('bob', 'oldie'),
          'apps/observer/tilechat/groups/update', 'apps/observer/tilechat/users/bob/messages/oldie/delivered']) {
          const oldie = await world.mqtt('oldie', { token })
          await assert.rejects(oldie.publish(topic, { text: 'forged' }), topic)
        }
        const oldie = await world.mqtt('oldie', { token })
        for (const filter of ['#', 'apps/tilechat/users/+/#', chat21Added('bob', 'oldie'), '$share/g/apps/tilechat/users/bob/#', '$SYS/#']) {
          await assert.rejects(oldie.subscribe(filter), filter)
        }
        await oldie.subscribe('$share/g/apps/tilechat/users/oldie/#')
      }
    })

    scenario('a token of another app does not log in', async (world) => {
      const claims = { ...serviceClaims('mallory'), app_id: 'elsewhere', tiledesk_api_roles: 'admin' }
      await assert.rejects(world.mqtt('mallory', { token: sign(claims, world.broker.secret) }))
    })

    for (const user of ['*', 'ali*', '#', '+', 'a.b', 'a/b', 'a b', 'groups', '']) {
      scenario(`nor does one for the id “${user}”, whoever signed it`, async (world) => {
        const claims = { ...serviceClaims('mallory'), sub: user, app_id: 'tilechat' }
        await assert.rejects(world.mqtt('mallory', { token: sign(claims, world.broker.secret) }))
      })
    }
  }

  scenario('a user whose id is another’s with a wildcard cannot have a token', async (world) => {
    for (const user of ['*', 'ali*', '#', 'a.b', 'a/b', 'a b', '%2A']) {
      const { code, stdout } = await world.engine.command('token', '--user', user)
      assert.notEqual(code, 0, user)
      assert.equal(stdout, '')
    }
  })
})
