// MQTT 3.1.1 and 5 as others understand them: what the embedded broker does for mqtt.js, Mosquitto's programs and Paho, without the
// chat's topics and tokens.
import assert from 'node:assert/strict'
import { js, jsOld, kinds, mosquitto, mosquittoOld, newKinds, paho, pahoOld } from './support/clients.mjs'
import { run } from './support/processes.mjs'
import { eventually, within } from './support/wait.mjs'
import { withWorld } from './support/world.mjs'

const levels = [0, 1, 2]
const says = (client, ending = '') => client.all(ending).map(({ text }) => text)
const sorted = (list) => [...list].sort()
const tooLong = 65_536

const reason = { noSubscription: 0x11, unknownPacket: 0x92, takenOver: 0x8e, tooLarge: 0x95 }

withWorld('MQTT', { settings: { AUTH_MODE: 'none', MQTT_MAX_PACKET_BYTES: String(tooLong), MAX_MESSAGE_BYTES: '32 KiB' } }, (scenario) => {
  // A session that outlives its connection.
  const lasting = (kind, clientId) => ({
    clientId, clean: false, ...(kind.version === 5 ? { properties: { sessionExpiryInterval: 3600 } } : {}),
  })

  // Who is subscribed to all of these topics.
  async function subscriber(world, kind, filters, options = 2, how = {}) {
    const client = await world.open(kind, how)
    for (const filter of [filters].flat()) await client.subscribe(filter, options)
    return client
  }

  // Waits for one more message, by which time all that were published before have come.
  async function settle(world, topic, ...clients) {
    const client = await world.open(js)
    await client.publish(topic, 'the last')
    for (const one of clients) await one.wait(topic, { matches: ({ text }) => text === 'the last' })
  }

  scenario('QoS 0, 1 and 2, from each client to each, in all pairings: each message comes once, at the lower of the two', async (world) => {
    const subscribers = []
    for (const kind of kinds) {
      for (const qos of levels) subscribers.push({ qos, name: kind.name, client: await subscriber(world, kind, 'qos/+/+', qos) })
    }
    for (const kind of kinds) {
      const client = await world.open(kind)
      for (const qos of levels) await client.publish(`qos/${qos}/${kind.name}`, `by ${kind.name}`, { qos })
    }
    for (const { qos, name, client } of subscribers) {
      const list = await client.wait('', { count: kinds.length * levels.length })
      const expected = kinds.flatMap((kind) => levels.map((sent) => `qos/${sent}/${kind.name} by ${kind.name} at ${Math.min(sent, qos)}`))
      assert.deepEqual(sorted(list.map(({ topic, text, packet }) => `${topic} ${text} at ${packet.qos}`)), sorted(expected), `${name}, QoS ${qos}`)
    }
    await settle(world, 'qos/1/end', ...subscribers.map(({ client }) => client))
    for (const { name, client } of subscribers) assert.equal(client.received.items.length, kinds.length * levels.length + 1, `${name}: none twice`)
  })

  scenario('a retained message comes to whom it is new at once, to later subscribers as retained, and no more once it is cleared', async (world) => {
    const topics = kinds.map((kind) => `kept/${kind.name}`)
    const early = await Promise.all(kinds.map((kind) => subscriber(world, kind, 'kept/+')))
    for (const kind of kinds) await (await world.open(kind)).publish(`kept/${kind.name}`, `by ${kind.name}`, { retain: true })
    for (const client of early) {
      const list = await client.wait('', { count: kinds.length })
      assert.ok(list.every(({ packet }) => !packet.retain), 'news are not marked as retained')
    }
    for (const kind of kinds) {
      const late = await subscriber(world, kind, 'kept/+')
      const list = await late.wait('', { count: kinds.length })
      assert.deepEqual(sorted(list.map(({ topic, text, packet }) => `${topic} ${text} ${packet.retain}`)),
        sorted(kinds.map(({ name }) => `kept/${name} by ${name} true`)), kind.name)
    }
    for (const kind of kinds) await (await world.open(kind)).publish(`kept/${kind.name}`, '', { retain: true })
    await (await world.open(js)).publish('kept/other', 'still here', { retain: true })
    for (const kind of kinds) {
      const later = await subscriber(world, kind, [...topics, 'kept/+'])
      await later.wait('kept/other')
      assert.deepEqual(says(later), ['still here'], kind.name)
    }
  })

  scenario('a later message takes a retained one’s place', async (world) => {
    const publisher = await world.open(pahoOld)
    for (const text of ['one', 'two', 'three']) await publisher.publish('latest', text, { retain: true })
    const late = await subscriber(world, jsOld, 'latest')
    await settle(world, 'latest', late)
    assert.deepEqual(says(late), ['three', 'the last'])
  })

  scenario('wildcards: + is one level, # is all below and the level itself, shared or not', async (world) => {
    const one = await subscriber(world, paho, 'tree/+/leaf')
    const all = await subscriber(world, jsOld, 'tree/branch/#')
    const everything = await subscriber(world, mosquittoOld, '#')
    const shared = await subscriber(world, js, '$share/g/tree/branch')
    const publisher = await world.open(mosquitto)
    for (const topic of ['tree/branch/leaf', 'tree/leaf', 'tree/branch', 'tree/branch/twig/leaf', 'tree//leaf', 'Tree/branch/leaf']) {
      await publisher.publish(topic, 'x')
    }
    await settle(world, 'tree/branch/leaf', one, all, everything)
    const topics = (client) => client.received.items.filter(({ text }) => text === 'x').map(({ topic }) => topic)
    assert.deepEqual(topics(one), ['tree/branch/leaf', 'tree//leaf'])
    assert.deepEqual(topics(all), ['tree/branch/leaf', 'tree/branch', 'tree/branch/twig/leaf'])
    assert.equal(topics(everything).length, 6)
    assert.deepEqual(topics(shared), ['tree/branch'])
    for (const client of [one, all, everything, shared]) await client.end()
  })

  scenario('a subscription that is made again takes the first one’s place, and one that is cancelled is over', async (world) => {
    for (const kind of [js, jsOld, paho, pahoOld]) {
      const topic = `again-and-over/${kind.name}`
      const client = await subscriber(world, kind, topic, 2)
      await client.subscribe(topic, 0)
      const publisher = await world.open(js)
      await publisher.publish(topic, 'first', { qos: 2 })
      assert.equal((await client.wait(topic)).packet.qos, 0, kind.name)
      await client.unsubscribe(topic)
      await publisher.publish(topic, 'second')
      const none = await client.unsubscribe(topic)
      if (kind === js) assert.equal(none, reason.noSubscription)
      await client.subscribe(topic)
      await settle(world, topic, client)
      assert.deepEqual(says(client), ['first', 'the last'], kind.name)
    }
  })

  // --- last wills

  const willing = (kind, will) => ({ clientId: `willing-${kind.name}`, will: { payload: 'farewell', qos: 1, retain: false, ...will } })

  scenario('a last will is published when the connection is cut, by each client', async (world) => {
    const watcher = await subscriber(world, js, 'cut/#')
    for (const kind of kinds) {
      const client = await subscriber(world, kind, 'elsewhere', 1, willing(kind, { topic: `cut/${kind.name}`, retain: true }))
      await client.cut()
      const { packet, text } = await watcher.wait(`cut/${kind.name}`)
      assert.deepEqual([text, packet.qos, packet.retain], ['farewell', 1, false])
    }
    const late = await subscriber(world, pahoOld, 'cut/#')
    const list = await late.wait('', { count: kinds.length })
    assert.ok(list.every(({ packet }) => packet.retain), 'a will can be retained')
  })

  scenario('none is published after DISCONNECT', async (world) => {
    const watcher = await subscriber(world, js, 'left/#')
    const gone = () => world.engine.log.split('"why":"DISCONNECT"').length
    for (const kind of kinds.filter((kind) => kind !== mosquitto)) {
      const client = await subscriber(world, kind, 'elsewhere', 1, willing(kind, { topic: `left/${kind.name}` }))
      const before = gone()
      await client.leave()
      await eventually(`the broker has seen ${kind.name} leave`, () => gone() > before)
    }
    await settle(world, 'left/marker', watcher)
    assert.deepEqual(says(watcher), ['the last'])
  })

  scenario('unless DISCONNECT asks for it, as mosquitto_sub’s does in MQTT 5', async (world) => {
    const watcher = await subscriber(world, js, 'asked/#')
    const client = await subscriber(world, mosquitto, 'elsewhere', 1, willing(mosquitto, { topic: 'asked/for' }))
    await client.leave()
    await watcher.wait('asked/for')
  })

  scenario('a will can be put off, and is not published when its client is back in time', async (world) => {
    const watcher = await subscriber(world, js, 'late/#')
    const delayed = (kind, name, seconds) => ({
      ...lasting(kind, `late-${name}`), will: { topic: `late/${name}`, payload: name, qos: 1, properties: { willDelayInterval: seconds } },
    })
    const back = await subscriber(world, paho, 'elsewhere', 1, delayed(paho, 'back', 1))
    await back.cut()
    const again = await subscriber(world, paho, 'elsewhere', 1, lasting(paho, 'late-back'))
    const cut = Date.now()
    for (const kind of newKinds) await (await subscriber(world, kind, 'elsewhere', 1, delayed(kind, kind.name, 1))).cut()
    for (const kind of newKinds) await watcher.wait(`late/${kind.name}`)
    assert.ok(Date.now() - cut >= 1000, 'a second later')
    assert.ok(!says(watcher).includes('back'))
    await again.leave()
  })

  scenario('a client that hangs is given up after one and a half times its keep-alive; its will comes with its properties', async (world) => {
    const watcher = await subscriber(world, js, 'hanging')
    const will = { topic: 'hanging', payload: 'help', qos: 2, properties: { contentType: 'text/plain', userProperties: { who: 'me' } } }
    const client = await world.open(paho, { keepalive: 1, will })
    client.hang()
    const { text, packet } = await watcher.wait('hanging')
    assert.deepEqual([text, packet.qos, packet.properties.contentType, packet.properties.userProperties.who], ['help', 2, 'text/plain', 'me'])
    await client.cut()
  })

  scenario('a will that is put off is published at the end of its session, where that is sooner', async (world) => {
    const watcher = await subscriber(world, js, 'sooner')
    const client = await world.open(js, { clientId: 'sooner', properties: { sessionExpiryInterval: 1 },
      will: { topic: 'sooner', payload: 'x', qos: 1, properties: { willDelayInterval: 3600 } } })
    await client.cut()
    await watcher.wait('sooner')
  })

  // --- sessions

  const interruptions = {
    'nothing else happens': async () => {},
    'the server is started again': async (world) => {
      assert.equal((await world.engine.stop()).code, 0)
      await world.engine.start()
    },
    'the server is killed': async (world) => {
      await world.engine.kill()
      await world.engine.start()
    },
  }
  for (const [what, interrupt] of Object.entries(interruptions)) {
    scenario(`a session goes on with all that came meanwhile, in order and once, while its client is away and ${what}`, async (world) => {
      const id = (kind) => `away-${kind.name}`
      for (const kind of kinds) {
        // In 3.1.1, and for mosquitto_sub, a session that is to last may not begin clean.
        const how = { ...lasting(kind, id(kind)), clean: kind.version === 5 && kind !== mosquitto }
        await (await subscriber(world, kind, `away/${kind.name}/+`, 2, how)).leave()
      }
      const publisher = await world.open(js)
      const say = async (text) => {
        for (const kind of kinds) for (const qos of [1, 2]) await publisher.publish(`away/${kind.name}/${qos}`, text, { qos })
      }
      await publisher.publish('kept/through', what, { retain: true })
      for (const text of ['one', 'two', 'three']) await say(text)
      await interrupt(world)
      for (const kind of kinds) {
        const client = await world.open(kind, lasting(kind, id(kind)))
        // Mosquitto's cannot come back without subscribing.
        if (kind === mosquitto || kind === mosquittoOld) await client.subscribe(`away/${kind.name}/+`, 2)
        else assert.equal(client.connack.sessionPresent, true, `${kind.name} has a session`)
        await client.wait('', { count: 6 })
        await settle(world, `away/${kind.name}/1`, client)
        // Some clients show what is sent exactly once when it is released, later than what comes after it.
        assert.deepEqual(says(client, '/1'), ['one', 'two', 'three', 'the last'], `${kind.name}, QoS 1`)
        assert.deepEqual(says(client, '/2'), ['one', 'two', 'three'], `${kind.name}, QoS 2`)
        for (const { topic, packet } of client.received.items) assert.ok(topic.endsWith(`/${packet.qos}`), `${topic} at ${packet.qos}`)
        await client.leave()
      }
      const late = await subscriber(world, paho, 'kept/through')
      assert.equal((await late.wait('kept/through')).text, what, 'what is retained is there, too')
    })
  }

  scenario('a clean start forgets the session, and one without expiry ends with its connection', async (world) => {
    for (const kind of [jsOld, js, pahoOld, paho]) {
      const how = lasting(kind, `forgotten-${kind.name}`)
      await (await subscriber(world, kind, 'forgotten', 1, how)).leave()
      const clean = await world.open(kind, { clientId: how.clientId, clean: true })
      assert.equal(clean.connack.sessionPresent, false)
      await clean.leave()
      const after = await world.open(kind, how)
      assert.equal(after.connack.sessionPresent, false, `${kind.name}: it ended with the connection`)
      await after.leave()
    }
  })

  scenario('a session ends when it has expired, which a client may bring about when it leaves', async (world) => {
    const short = { clientId: 'short', clean: false, properties: { sessionExpiryInterval: 1 } }
    await (await subscriber(world, js, 'short', 1, short)).leave()
    assert.equal((await world.open(js, short).then(async (client) => (await client.leave(), client))).connack.sessionPresent, true)
    const left = Date.now()
    const long = lasting(js, 'long')
    await (await subscriber(world, js, 'long', 1, long)).leave({ sessionExpiryInterval: 0 })
    const again = await world.open(js, long)
    assert.equal(again.connack.sessionPresent, false, 'it ended with the connection')
    await again.leave()
    await eventually('its time is over', () => Date.now() - left > 1500)
    const after = await world.open(js, short)
    assert.equal(after.connack.sessionPresent, false)
    await after.leave()
  })

  scenario('what was not acknowledged is sent again on the next connection, marked as such', async (world) => {
    for (const kind of [jsOld, js]) {
      const how = lasting(kind, `again-${kind.name}`)
      const deaf = await subscriber(world, kind, `again/${kind.name}`, 1, { ...how, handle: () => {} })
      const publisher = await world.open(paho)
      await publisher.publish(`again/${kind.name}`, 'hello')
      assert.equal((await deaf.wait('')).packet.dup, false)
      await deaf.cut()
      const again = await world.open(kind, how)
      const { text, packet } = await again.wait('')
      assert.deepEqual([text, packet.dup], ['hello', true])
      await settle(world, `again/${kind.name}`, again)
      assert.equal(again.received.items.length, 2)
      await again.leave()
      const third = await world.open(kind, how)
      await settle(world, `again/${kind.name}`, third)
      assert.deepEqual(says(third), ['the last'], 'acknowledged, it is not sent any more')
      await third.leave()
    }
  })

  scenario('a long queue comes in its order, and no faster than its client takes it', async (world) => {
    const count = 1000
    const expected = Array.from({ length: count }, (_, n) => `${n}`)
    for (const [kind, more] of [[js, { receiveMaximum: 3 }], [paho, { receiveMaximum: 3 }], [jsOld, {}]]) {
      const how = lasting(kind, `patient-${kind.name}`)
      const topic = `long/${kind.name}`
      await (await subscriber(world, kind, topic, 2, how)).leave()
      const publisher = await world.open(js)
      await Promise.all(expected.map((text) => publisher.publish(topic, text)))
      const client = await world.open(kind, kind.version === 5 ? { ...how, properties: { ...how.properties, ...more } } : how)
      await client.wait(topic, { count })
      await settle(world, topic, client)
      assert.deepEqual(says(client), [...expected, 'the last'], kind.name)
      await client.leave()
    }
  })

  // mqtt.js takes any other answer for the failure of a publication that has been delivered.
  scenario('a PUBREL whose answer was lost is answered with success again', async (world) => {
    for (const kind of [jsOld, js]) {
      const topic = `released/${kind.name}`
      const reader = await subscriber(world, paho, topic)
      const writer = await world.open(kind, { ...lasting(kind, `released-${kind.name}`), reconnect: 20 })
      const released = writer.deafAfter('pubrel')
      const sent = writer.publishThrough(topic, 'x', { qos: 2 })
      sent.catch(() => {})
      await within('PUBREL', released)
      await settle(world, topic, reader)
      writer.interrupt()
      await within(`PUBCOMP, ${kind.name}`, sent)
      assert.deepEqual(sorted(says(reader)), ['the last', 'x'])
      await writer.leave()
    }
  })

  scenario('exactly once, though connections break again and again', async (world) => {
    const count = 300
    for (const kind of [jsOld, js]) {
      const topic = `broken/${kind.name}`
      const reader = await subscriber(world, kind, topic, 2, { ...lasting(kind, `broken-reader-${kind.name}`), reconnect: 20 })
      const writer = await world.open(kind, { ...lasting(kind, `broken-writer-${kind.name}`), reconnect: 20 })
      let next = 0
      const some = async () => {
        while (next < count) {
          const n = next++
          // A PUBREL that had been answered already may be told so: no error then (MQTT 5, 3.7.2.1).
          await writer.publishThrough(topic, `${n}`, { qos: 2 }).catch((error) => assert.equal(error.code, reason.unknownPacket))
          if (n % 30 === 10) writer.interrupt()
          if (n % 30 === 25) reader.interrupt()
        }
      }
      await within('the acknowledgements', Promise.all(Array.from({ length: 10 }, some)))
      await reader.wait(topic, { count })
      await settle(world, topic, reader)
      assert.deepEqual(sorted(says(reader)), sorted([...Array.from({ length: count }, (_, n) => `${n}`), 'the last']), kind.name)
      await reader.end()
      await writer.end()
    }
  })

  scenario('exactly once, though the server is killed in the middle', async (world) => {
    const count = 400
    for (const kind of [jsOld, js]) {
      const reader = await subscriber(world, kind, `once/${kind.name}`, 2, { ...lasting(kind, `reader-${kind.name}`), reconnect: 50 })
      const writer = await world.open(kind, { ...lasting(kind, `writer-${kind.name}`), reconnect: 50 })
      let [next, acknowledged] = [0, 0]
      const some = async () => {
        while (next < count) {
          await writer.publishThrough(`once/${kind.name}`, `${next++}`, { qos: 2 })
          if (++acknowledged === count / 4) world.engine.signal('SIGKILL')
        }
      }
      const sent = Promise.all(Array.from({ length: 20 }, some))
      await world.engine.end()
      const before = acknowledged
      await world.engine.start()
      assert.ok(before < count, 'not all were acknowledged when it was killed')
      await within('the acknowledgements', sent)
      await reader.wait('', { count })
      await settle(world, `once/${kind.name}`, reader)
      assert.deepEqual(sorted(says(reader)), sorted([...Array.from({ length: count }, (_, n) => `${n}`), 'the last']))
      await reader.end()
      await writer.end()
    }
  })

  scenario('a second connection with the same client id takes the session over; the first is told in MQTT 5', async (world) => {
    // Mosquitto's old program would come back at once, and take it over again.
    const pairs = [[js, paho], [paho, jsOld], [jsOld, mosquitto], [mosquitto, pahoOld], [pahoOld, mosquittoOld], [jsOld, js]]
    for (const [first, second] of pairs) {
      const what = `${second.name} after ${first.name}`
      const id = `shared-${first.name}-${second.name}`
      const one = await subscriber(world, first, `taken/${first.name}`, 1, lasting(first, id))
      const two = await subscriber(world, second, `taken/${first.name}`, 1, lasting(second, id))
      await within(`the end of the first: ${what}`, one.closed)
      if (first === js) assert.equal(one.farewell?.reasonCode, reason.takenOver, what) // Paho 1.6 reads it only where properties follow
      if (two.connack) assert.equal(two.connack.sessionPresent, true, what)
      await settle(world, `taken/${first.name}`, two)
      assert.equal(one.received.items.length, 0, what)
      await two.end()
      await one.end()
    }
  })

  // --- MQTT 5 alone

  scenario('a message’s properties come as they were sent, from each client to each', async (world) => {
    const properties = {
      payloadFormatIndicator: true, contentType: 'text/plain; charset=utf-8', responseTopic: 'properties/answers', correlationData: 'c-1',
      userProperties: { colour: 'grün', shape: '' }, messageExpiryInterval: 600,
    }
    const subscribers = await Promise.all(newKinds.map((kind) => subscriber(world, kind, 'properties/+')))
    const old = await subscriber(world, jsOld, 'properties/+')
    for (const kind of newKinds) await (await world.open(kind)).publish(`properties/${kind.name}`, 'x', { properties })
    for (const [n, client] of subscribers.entries()) {
      for (const { topic, packet } of await client.wait('', { count: newKinds.length })) {
        const { correlationData, messageExpiryInterval, ...others } = packet.properties
        const { correlationData: sentData, messageExpiryInterval: sentExpiry, ...sent } = properties
        const what = `${topic} to ${newKinds[n].name}`
        assert.deepEqual({ ...others, userProperties: { ...others.userProperties } }, sent, what)
        assert.equal(String(correlationData), sentData, what)
        assert.ok(messageExpiryInterval > sentExpiry - 60 && messageExpiryInterval <= sentExpiry, what)
      }
    }
    await old.wait('', { count: newKinds.length })
  })

  scenario('a message that has expired is not delivered, and of the others the time that is left is told', async (world) => {
    const how = lasting(js, 'expiring')
    await (await subscriber(world, js, 'expiring/+', 1, how)).leave()
    const publisher = await world.open(paho)
    const expired = await world.engine.metric('inboxd_mqtt_dropped_total', { reason: 'expired' })
    await publisher.publish('expiring/short', 'short', { properties: { messageExpiryInterval: 1 } })
    await publisher.publish('expiring/long', 'long', { properties: { messageExpiryInterval: 600 } })
    await publisher.publish('expiring/forever', 'forever')
    await publisher.publish('expired', 'retained', { retain: true, properties: { messageExpiryInterval: 1 } })
    const sent = Date.now()
    await eventually('its time is over', () => Date.now() - sent > 1100)
    const client = await world.open(js, how)
    await client.subscribe('expired')
    await settle(world, 'expiring/last', client)
    assert.deepEqual(says(client), ['long', 'forever', 'the last'])
    const [long, forever] = client.received.items
    assert.ok(long.packet.properties.messageExpiryInterval < 600)
    assert.equal(forever.packet.properties?.messageExpiryInterval, undefined)
    assert.equal(await world.engine.metric('inboxd_mqtt_dropped_total', { reason: 'expired' }), expired + 1)
    await client.end()
  })

  scenario('subscription identifiers say which of his subscriptions a message matches', async (world) => {
    for (const kind of [js, paho]) {
      const client = await world.open(kind)
      await client.subscribe('ids/+', { qos: 1, properties: { subscriptionIdentifier: 7 } })
      await client.subscribe('ids/#', { qos: 1, properties: { subscriptionIdentifier: 268_435_455 } })
      await client.subscribe('ids/one/two', { qos: 1 })
      const publisher = await world.open(mosquitto)
      await publisher.publish('ids/one', 'x')
      await publisher.publish('ids/one/two', 'x')
      // One message for all matching filters, or one for each: both are allowed.
      const ids = (ending) => sorted(client.all(ending).flatMap(({ packet }) => packet.properties?.subscriptionIdentifier ?? []))
      await settle(world, 'ids/last', client)
      assert.deepEqual(ids('/one'), sorted([7, 268_435_455]), kind.name)
      assert.deepEqual(ids('/two'), [268_435_455], kind.name)
    }
  })

  scenario('of a shared subscription’s members each message goes to one, and to all of them in turn', async (world) => {
    const members = await Promise.all([js, jsOld, paho, pahoOld, mosquitto].map((kind) => subscriber(world, kind, '$share/team/work/+', 1)))
    const other = await subscriber(world, paho, '$share/others/work/+', 1)
    const alone = await subscriber(world, mosquittoOld, 'work/+', 1)
    const publisher = await world.open(js)
    const count = 50
    for (let n = 0; n < count; ++n) await publisher.publish(`work/${n}`, `${n}`)
    const everything = sorted(Array.from({ length: count }, (_, n) => `${n}`))
    for (const client of [other, alone]) {
      await client.wait('', { count })
      assert.deepEqual(sorted(says(client)), everything)
    }
    await eventually('all are done', () => members.flatMap((member) => says(member)).length >= count)
    assert.deepEqual(sorted(members.flatMap((member) => says(member))), everything, 'each once')
    for (const member of members) assert.ok(says(member).length >= 5, 'nobody has it all to do')
    // A member who goes leaves his share to the others.
    for (const gone of members.slice(1)) await gone.cut()
    await eventually('they have gone', async () => {
      const before = says(members[0]).length
      const answers = []
      for (let n = 0; n < 5; ++n) {
        await publisher.publish('work/more', 'more')
        answers.push(n)
      }
      await members[0].wait('', { count: before + answers.length, deadline: 500 })
      return true
    })
  })

  scenario('no local: a client does not hear itself', async (world) => {
    for (const kind of [js, paho]) {
      const client = await world.open(kind)
      await client.subscribe(`echo/${kind.name}`, { qos: 1, nl: true })
      await client.publish(`echo/${kind.name}`, 'mine')
      await settle(world, `echo/${kind.name}`, client)
      assert.deepEqual(says(client), ['the last'])
    }
  })

  scenario('retain as published, and when retained messages are sent', async (world) => {
    const publisher = await world.open(js)
    await publisher.publish('as/before', 'before', { retain: true })
    for (const kind of newKinds) {
      const client = await subscriber(world, kind, 'as/+', { qos: 1, rap: true })
      await client.wait('as/before')
      await publisher.publish('as/after', 'after', { retain: true })
      assert.equal((await client.wait('as/after')).packet.retain, true, kind.name)
      await publisher.publish('as/plain', 'plain')
      assert.equal((await client.wait('as/plain')).packet.retain, false, kind.name)
      await publisher.publish('as/after', '', { retain: true })
    }
    for (const kind of [js, paho]) {
      const client = await world.open(kind)
      await client.subscribe('as/before', { qos: 1, rh: 2 }) // never
      await client.subscribe('as/before', { qos: 1, rh: 1 }) // if the subscription is new
      await settle(world, 'as/before', client)
      assert.deepEqual(says(client), ['the last'], kind.name)
      await client.subscribe('as/before', { qos: 1, rh: 0 }) // always
      await client.wait('as/before', { matches: ({ packet }) => packet.retain })
    }
  })

  scenario('a packet that is longer than its client takes is not sent, and what follows is', async (world) => {
    const tooLarge = await world.engine.metric('inboxd_mqtt_dropped_total', { reason: 'too_large' })
    const publisher = await world.open(js)
    for (const kind of newKinds) {
      const client = await subscriber(world, kind, 'size/+', 1, { properties: { maximumPacketSize: 200 } })
      await publisher.publish('size/large', 'x'.repeat(200))
      await publisher.publish('size/small', 'small')
      await client.wait('size/small')
      assert.deepEqual(says(client), ['small'], kind.name)
    }
    assert.ok(await world.engine.metric('inboxd_mqtt_dropped_total', { reason: 'too_large' }) >= tooLarge + newKinds.length)
  })

  scenario('what the broker takes it says at the beginning; who sends more is disconnected, and told so in MQTT 5', async (world) => {
    for (const kind of [js, paho, jsOld]) {
      const client = await world.open(kind)
      if (kind.version === 5) assert.equal(client.connack.properties.maximumPacketSize, tooLong, kind.name)
      await client.publish('size/fits', 'x'.repeat(tooLong - 100))
      await assert.rejects(client.publish('size/too-long', 'x'.repeat(tooLong)), kind.name)
      await within('the end of the connection', client.closed)
      if (kind === js) assert.equal(client.farewell?.reasonCode, reason.tooLarge, kind.name)
    }
  })

  scenario('topic aliases, both ways', async (world) => {
    const reader = await subscriber(world, js, 'alias/+', 1, { properties: { topicAliasMaximum: 2 } })
    const plain = await subscriber(world, pahoOld, 'alias/+', 1)
    const writer = await world.open(js)
    assert.ok(writer.connack.properties.topicAliasMaximum >= 2)
    const topics = ['alias/a', 'alias/b']
    for (const [n, topic] of topics.entries()) await writer.publish(topic, `${n}`, { properties: { topicAlias: n + 1 } })
    for (const n of topics.keys()) await writer.publish('', `${n} again`, { properties: { topicAlias: n + 1 } })
    await writer.publish(topics[0], '0 by name')
    await writer.publish('alias/b', 'an alias may change', { properties: { topicAlias: 1 } })
    await writer.publish('', 'changed', { properties: { topicAlias: 1 } })
    await writer.publish('alias/c', 'one too many for the reader')
    const expected = ['alias/a 0', 'alias/b 1', 'alias/a 0 again', 'alias/b 1 again', 'alias/a 0 by name', 'alias/b an alias may change',
      'alias/b changed', 'alias/c one too many for the reader']
    for (const client of [reader, plain]) {
      await client.wait('', { count: expected.length })
      assert.deepEqual(client.received.items.map(({ topic, text }) => `${topic} ${text}`), expected)
    }
    assert.ok(reader.received.items.some(({ packet }) => packet.properties?.topicAlias), 'the reader was sent aliases')
  })

  scenario('a client without a name is given one in MQTT 5', async (world) => {
    const names = new Set()
    for (const kind of [js, paho]) {
      const { connack } = await world.open(kind, { options: { clientId: '' } })
      assert.ok(connack.properties.assignedClientIdentifier.length >= 16, kind.name)
      names.add(connack.properties.assignedClientIdentifier)
    }
    assert.equal(names.size, 2)
    // 3.1.1 has no word for it: such a client may connect, and keep nothing.
    await (await world.open(jsOld, { options: { clientId: '' } })).leave()
    await assert.rejects(world.open(pahoOld, { clientId: '', clean: false }))
  })

  scenario('a client of MQTT 3.1 is told that its version is not spoken', async (world) => {
    const { code, stdout, stderr } = await run('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(world.broker.mqttPort), '-V', 'mqttv31', '-q', '1',
      '-t', 'old', '-m', 'x'])
    assert.notEqual(code, 0)
    assert.match(stdout + stderr, /protocol version/)
  })
})
