// Operating the engine that is its own broker: who is connected and how it is ended, the log, metrics, limits, stopping, and the secret.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { js, jsOld, paho } from './support/clients.mjs'
import { serviceClaims, sign } from './support/jwt.mjs'
import { inboxd } from './support/paths.mjs'
import { run } from './support/processes.mjs'
import { bodies } from './support/store.mjs'
import { eventually, within } from './support/wait.mjs'
import { added, chat21Added, outgoing, prefix, withWorld, World } from './support/world.mjs'

const reason = { shuttingDown: 0x8b, quotaExceeded: 0x97, administrative: 0x98, rateExceeded: 0x9f, credentials: 0x86, notAuthorized: 0x87 }

const perUser = 5
const queued = 50
const limits = { MQTT_MAX_CONNECTIONS_PER_USER: String(perUser), MQTT_MAX_QUEUED: String(queued) }

withWorld('operating the embedded broker', { settings: limits }, (scenario) => {
  // An administrator's call.
  async function admin(world, method, resource = '', token = undefined) {
    token ??= await world.token('root', '--admin')
    const response = await fetch(`${world.engine.url}/api/admin/connections${resource}`, { method, headers: { Authorization: token } })
    return { status: response.status, json: await response.json().catch(() => undefined) }
  }
  const connectionsOf = async (world, user) => (await admin(world, 'GET', `?user=${user}`)).json.result

  scenario('an administrator sees who is connected: all, one user’s, and page by page', async (world) => {
    const before = Date.now()
    const one = await world.open(js, { token: await world.token('ann'), clientId: 'ann-phone', clean: false, properties: { sessionExpiryInterval: 60 } })
    for (const filter of [`${prefix}/ann/#`, 'apps/tilechat/users/ann/#']) await one.subscribe(filter)
    await world.open(paho, { token: await world.token('ann'), clientId: 'ann-laptop', version: 4 })
    await world.open(jsOld, { token: await world.token('ben'), clientId: 'ben-phone' })

    const { status, json } = await admin(world, 'GET')
    assert.equal(status, 200)
    assert.equal(json.success, true)
    const names = json.result.map(({ client_id }) => client_id)
    for (const name of ['ann-phone', 'ann-laptop', 'ben-phone']) assert.ok(names.includes(name), name)

    const anns = await connectionsOf(world, 'ann')
    assert.deepEqual(anns.map(({ client_id }) => client_id), ['ann-phone', 'ann-laptop'])
    const { id, connected_at, ...phone } = anns[0]
    assert.match(id, /^\d+$/)
    assert.ok(connected_at >= before - 1000 && connected_at <= Date.now() + 1000)
    assert.deepEqual(phone, {
      client_id: 'ann-phone', user: 'ann', address: '127.0.0.1', version: '5.0', persistent: true, subscriptions: 2, in_flight: 0, queued: 0 })
    assert.deepEqual([anns[1].version, anns[1].persistent, anns[1].subscriptions], ['3.1.1', false, 0])
    assert.deepEqual(await connectionsOf(world, 'nobody'), [])

    const pages = []
    for (let after = ''; ;) {
      const page = (await admin(world, 'GET', `?limit=2${after}`)).json.result
      if (page.length === 0) break
      assert.ok(page.length <= 2)
      pages.push(...page)
      after = `&after=${page.at(-1).id}`
    }
    assert.deepEqual(pages.map(({ client_id }) => client_id), names)
  })

  scenario('and nobody else; what makes no sense is refused', async (world) => {
    const user = await world.token('ann')
    for (const [method, resource] of [['GET', ''], ['GET', '?user=ann'], ['DELETE', '/1']]) {
      for (const token of [user, '', 'hello']) {
        assert.ok([401, 403].includes((await admin(world, method, resource, token)).status), `${method} ${resource} with ${token.slice(0, 5)}`)
      }
    }
    for (const [method, resource, status] of [['GET', '?limit=many', 400], ['GET', '?after=x', 400], ['DELETE', '/x', 400], ['DELETE', '/999999999', 404]]) {
      assert.equal((await admin(world, method, resource)).status, status, `${method} ${resource}`)
    }
  })

  scenario('a connection that he ends is told so, others stay, and its session waits for the client to come again', async (world) => {
    const how = { token: await world.token('cleo'), clientId: 'cleo-phone', clean: false, properties: { sessionExpiryInterval: 60 } }
    const [cleo, other, old] = [await world.open(js, how), await world.inbox('dora'), await world.mqtt('cleo')]
    await cleo.subscribe(`${prefix}/cleo/#`)
    for (const { id } of await connectionsOf(world, 'cleo')) assert.equal((await admin(world, 'DELETE', `/${id}`)).status, 200)
    for (const client of [cleo, old]) await within('the end of the connection', client.closed)
    assert.equal(cleo.farewell?.reasonCode, reason.administrative)
    assert.deepEqual(await connectionsOf(world, 'cleo'), [])
    await other.publish(outgoing('dora', 'cleo'), { text: 'are you there?' })
    await other.wait(added('dora', 'cleo'))
    const again = await world.open(js, how)
    assert.equal(again.connack.sessionPresent, true)
    await again.wait(added('cleo', 'dora'))
  })

  scenario('metrics move with what clients do', async (world) => {
    const metric = (name, labels) => world.engine.metric(`inboxd_mqtt_${name}`, labels)
    const connections = (await admin(world, 'GET')).json.result.length
    // They are brought up to date a few times a second. So far each session has a connection.
    await eventually('the figures are of now', async () => (await metric('connections')) === connections && (await metric('sessions')) === connections)
    const connects = await metric('connects_total')
    const names = [0, 1, 2].flatMap((qos) => [['received_total', { qos }], ['sent_total', { qos }]])
    const before = await Promise.all(names.map((name) => metric(...name)))
    const offline = await metric('dropped_total', { reason: 'offline' })
    const unauthorized = await metric('unauthorized_total')
    const accepted = await metric('accepted_total', { transport: 'ws' })

    const erin = await world.open(js, { token: world.serviceToken(), clientId: 'erin' })
    for (const qos of [0, 1, 2]) await erin.subscribe(`figures/${qos}`, qos)
    for (const qos of [0, 1, 2]) for (let n = 0; n <= qos; ++n) await erin.publish(`figures/${qos}`, 'x', { qos })
    for (const qos of [0, 1, 2]) await erin.wait(`figures/${qos}`, { count: qos + 1 })
    for (const [n, name] of names.entries()) {
      const expected = before[n] + name[1].qos + 1
      await eventually(`${name[0]} of QoS ${name[1].qos} is ${expected}`, async () => (await metric(...name)) === expected)
    }

    assert.ok(await metric('bytes_in_total') > 0 && await metric('bytes_out_total') > 0, 'bytes of connections that are open count')

    const lasting = { token: await world.token('finn'), clientId: 'finn', clean: false, ws: true }
    const finn = await world.mqtt('finn', lasting)
    await finn.subscribe(`${prefix}/finn/+/messages/#`, 0)
    await assert.rejects(finn.subscribe(`${prefix}/erin/#`))
    await eventually('two more are connected', async () => (await metric('connections')) === connections + 2)
    assert.equal(await metric('connects_total'), connects + 2)
    assert.equal(await metric('accepted_total', { transport: 'ws' }), accepted + 1)
    assert.equal(await metric('unauthorized_total'), unauthorized + 1)
    await finn.leave()
    await erin.leave()
    await eventually('both have gone, and one session stays', async () =>
      (await metric('connections')) === connections && (await metric('sessions')) === connections + 1)
    const gina = await world.inbox('gina')
    await gina.publish(outgoing('gina', 'finn'), { text: 'x' })
    await gina.wait(added('gina', 'finn'))
    await eventually('QoS 0 is not kept for him', async () => (await metric('dropped_total', { reason: 'offline' })) > offline)
    await gina.end()
    const page = (await world.engine.get('/metrics')).text
    assert.ok(!/erin|finn|gina|figures|tilechat/.test(page), 'no names')
  })

  scenario('the log tells of connections that begin, end and are refused, and why, and neither client ids nor tokens', async (world) => {
    const id = `client-${randomUUID()}`
    const token = await world.token('hugo')
    const bad = sign({ ...serviceClaims('hugo'), app_id: 'tilechat' }, 'f'.repeat(64))
    const lines = () => world.engine.log.split('\n').filter(Boolean).map((line) => JSON.parse(line))
    const start = lines().length
    const told = (event, matches) => eventually(`a line: ${event}`, () =>
      lines().slice(start).find((line) => line.event === event && Object.entries(matches).every(([key, value]) => line[key] === value)))

    const how = { token, clientId: id, clean: false, properties: { sessionExpiryInterval: 60 } }
    const first = await world.open(js, how)
    const begun = await told('MQTT connection begun', { user: 'hugo', reason: 'success', address: '127.0.0.1', level: 'info' })
    await first.leave()
    await told('MQTT connection ended', { user: 'hugo', reason: 'success', connection: begun.connection })
    const second = await world.open(js, how)
    await assert.rejects(second.publish(outgoing('bob', 'hugo'), { text: 'forged' }), { code: reason.notAuthorized })
    await told('MQTT publication refused', { user: 'hugo', reason: 'not_authorized', topic: outgoing('bob', 'hugo') })
    const third = await world.open(js, how)
    await told('MQTT connection ended', { user: 'hugo', reason: 'session_taken_over' })
    await third.cut()
    await told('MQTT connection ended', { user: 'hugo', why: 'the connection broke' })
    await assert.rejects(world.open(js, { token: bad, clientId: id }))
    await told('MQTT connection refused', { reason: 'bad_user_name_or_password', user: '' })
    await assert.rejects(world.open(js, { token: await world.token('ivan'), clientId: id }))
    await told('MQTT connection refused', { reason: 'client_identifier_not_valid', user: 'ivan' })

    assert.ok(!world.engine.log.includes(id), 'client ids are keys to sessions')
    assert.ok(!/eyJ[\w-]{10,}/.test(world.engine.log), 'a token')
    assert.ok(!world.engine.log.includes(world.broker.secret), 'the secret')
    assert.ok(!/are you there|forged/.test(world.engine.log), 'a message')
  })

  scenario('a user has so many connections and no more; one of his own he can take over', async (world) => {
    const token = await world.token('kim')
    const clients = []
    for (let n = 0; n < perUser; ++n) clients.push(await world.open(js, { token, clientId: `kim-${n}` }))
    await assert.rejects(world.open(js, { token, clientId: 'kim-more' }), { code: reason.quotaExceeded })
    await world.open(js, { token, clientId: 'kim-0' })
    await within('the end of the first', clients[0].closed)
    await (await world.mqtt('leo')).leave()
    await clients[1].leave()
    await eventually('there is room again', async () => {
      await (await world.open(js, { token, clientId: 'kim-more' })).leave()
      return true
    })
  })

  scenario('back ends’ topics are open to administrators’ tokens over MQTT, and to no user’s', async (world) => {
    const topics = {
      delivered: 'apps/observer/tilechat/users/mia/messages/noah/delivered', persist: 'apps/observer/tilechat/users/mia/messages/noah/persist',
      group: 'apps/observer/tilechat/groups/update', ban: 'apps/observer/tilechat/bans/noah/update',
    }
    const mia = await world.inbox('mia')
    const user = await world.open(js, { token: await world.token('noah') })
    for (const topic of Object.values(topics)) {
      await assert.rejects(user.publish(topic, { text: 'forged', banned: true }), { code: reason.notAuthorized }, topic)
      await assert.rejects(user.subscribe(topic), { code: reason.notAuthorized }, topic)
    }
    const backend = await world.open(js, { token: world.serviceToken() })
    await backend.subscribe('apps/observer/tilechat/#')
    const copy = { sender: 'noah', recipient: 'mia', status: 150, timestamp: 1_500_000_000_000 }
    await backend.publish(topics.delivered, { ...copy, message_id: 'd-1', text: 'shown' })
    await backend.publish(topics.persist, { ...copy, message_id: 'p-1', text: 'kept' })
    await backend.publish(topics.group, { group: { uid: 'group-tests', appId: 'tilechat', name: 'Tests', members: { mia: 1 } }, notify_to: { mia: 1 } })
    await mia.wait('apps/tilechat/users/mia/groups/group-tests/clientupdated')
    assert.equal((await mia.wait(chat21Added('mia', 'noah'))).json.message_id, 'd-1')
    await eventually('both are stored', async () => {
      const stored = (await bodies(world.engine)).map(({ text }) => text)
      return stored.includes('shown') && stored.includes('kept')
    })
    assert.equal(mia.all(chat21Added('mia', 'noah')).length, 1, 'what is to be kept is not shown')
    await user.publish(outgoing('noah', 'mia'), { text: 'before' })
    await mia.wait(chat21Added('mia', 'noah'), { count: 2 })
    await backend.publish(topics.ban, { banned: true, reason: 'a test' })
    await user.subscribe(`${prefix}/noah/#`)
    await user.publish(outgoing('noah', 'mia'), { text: 'after', attributes: { tempUID: 'n-1' } })
    assert.equal((await user.wait(`${prefix}/noah/mia/messages/n-1/clientupdated`)).json.error.code, 'banned')
    await backend.publish(topics.ban, { banned: false })
  })

  scenario('for a client that is away so many messages are kept, the first of them, and the others are counted', async (world) => {
    const how = { token: world.serviceToken(), clientId: 'absent', clean: false, properties: { sessionExpiryInterval: 60 } }
    const absent = await world.open(js, how)
    await absent.subscribe('absent')
    await absent.leave()
    const dropped = await world.engine.metric('inboxd_mqtt_dropped_total', { reason: 'queue_full' })
    const writer = await world.open(js, { token: world.serviceToken() })
    for (let n = 0; n < queued + 10; ++n) await writer.publish('absent', `${n}`)
    assert.equal(await world.engine.metric('inboxd_mqtt_dropped_total', { reason: 'queue_full' }), dropped + 10)
    const back = await world.open(js, how)
    await back.wait('absent', { count: queued })
    await writer.publish('absent', 'the last')
    await back.wait('absent', { count: queued + 1 })
    assert.deepEqual(back.all('absent').map(({ text }) => text), [...Array.from({ length: queued }, (_, n) => `${n}`), 'the last'])
    for (const client of [back, writer]) await client.leave()
  })

  scenario('a client that does not read does not keep others from it', async (world) => {
    const dropped = () => world.engine.metric('inboxd_mqtt_dropped_total', { reason: 'slow_reader' })
    const before = await dropped()
    const open = (how) => world.open(js, { token: world.serviceToken(), ...how })
    const [writer, reader, deaf] = [await open(), await open(), await open({ handle: () => {} })]
    for (const client of [reader, deaf]) await client.subscribe('flood', 0)
    const count = 250 // times 100 kB are more than what the system holds for a socket
    for (let n = 0; n < count; ++n) await writer.publish('flood', 'x'.repeat(100_000))
    await reader.wait('flood', { count })
    await eventually('what it does not read is dropped', async () => (await dropped()) > before)
    for (const client of [writer, reader, deaf]) await client.end()
  })

  scenario('a client that says nothing is disconnected', async (world) => {
    const silent = (port, words) => within('the end of the silence', new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1', () => { if (words) socket.write(words) })
      socket.on('error', reject).on('close', resolve).resume()
    }), 20_000)
    const half = Buffer.from([0x10, 0x20, 0x00, 0x04, 0x4d, 0x51]) // the beginning of a CONNECT
    await Promise.all([silent(world.broker.mqttPort), silent(world.broker.mqttPort, half), silent(world.broker.webPort),
      silent(world.broker.webPort, 'GET /ws HTTP/1.1\r\nHost: localhost\r\n')])
    assert.equal(await world.engine.metric('inboxd_mqtt_refused_total', { reason: 'keep_alive_timeout' }), 2)
    assert.equal(await world.engine.metric('inboxd_mqtt_network_refused_total', { reason: 'timeout' }), 2)
  })

  scenario('what is not MQTT is disconnected at once, and harms nobody', async (world) => {
    const say = (bytes) => within('the end of the connection', new Promise((resolve, reject) => {
      const socket = net.connect(world.broker.mqttPort, '127.0.0.1', () => socket.write(bytes))
      socket.on('error', (error) => error.code === 'ECONNRESET' ? resolve() : reject(error)).on('close', resolve).resume()
    }), 5_000)
    const hello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]) // of TLS
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', Buffer.alloc(100), Buffer.alloc(100_000, 0xff), hello]) await say(bytes)
    const olga = await world.inbox('olga')
    await olga.publish(outgoing('olga', 'olga'), { text: 'fine' })
    await olga.wait(added('olga', 'olga'))
  })
})

withWorld('clients that connect again and again', { settings: { MQTT_CONNECTS_PER_MINUTE: '30' } }, (scenario) => {
  scenario('some at once, then one after the other, beyond that refused; and other users are not slowed', async (world) => {
    const token = await world.token('flap')
    const open = (n) => world.open(js, { token, clientId: `flap-${n}` })
    for (let n = 0; n < 15; ++n) await (await open(n)).leave()
    const start = Date.now()
    // Two seconds each, and nobody waits for longer than ten.
    const waiting = Array.from({ length: 6 }, (_, n) => open(100 + n))
    const refused = await Promise.any(waiting.map((one) => one.then(() => { throw new Error('it was let in') }, (error) => error)))
    assert.equal(refused.code, reason.rateExceeded)
    assert.ok(Date.now() - start < 1500, 'at once')
    await (await world.mqtt('calm')).leave()
    assert.ok(Date.now() - start < 1500, 'somebody else comes in at once')
    await Promise.any(waiting)
    assert.ok(Date.now() - start >= 1500, 'slowed')
    for (const one of waiting) one.then((client) => client.end(), () => {})
  })
})

describe('stopping with clients connected', () => {
  let world
  const count = 20
  const seconds = 2

  it('a broker and an engine start', async () => {
    world = await World.create({ DRAIN_SECONDS: String(seconds), MQTT_CONNECTS_PER_MINUTE: '0' })
  })

  it('they are told so one by one, what was acknowledged is kept, and the engine ends well', async () => {
    const acknowledged = []
    const ends = []
    const clients = await Promise.all(Array.from({ length: count }, async (_, n) => {
      const client = await world.open(js, { token: await world.token(`user${n}`) })
      client.closed.then(() => ends.push(Date.now()))
      return client
    }))
    // Each goes on writing until it is disconnected.
    const writing = clients.map(async (client, n) => {
      for (let i = 0; ; ++i) {
        try {
          await client.publish(outgoing(`user${n}`, `user${(n + 1) % count}`), { text: `${n}/${i}` })
          acknowledged.push({ text: `${n}/${i}`, at: Date.now() })
        } catch {
          return
        }
      }
    })
    await eventually('they are at it', () => acknowledged.length > 2 * count)
    const start = Date.now()
    world.engine.signal('SIGTERM')
    await eventually('not ready any more', async () => (await world.engine.get('/health/ready')).status === 503, seconds * 1000)
    assert.equal((await world.engine.get('/health/live')).status, 200)
    await assert.rejects(world.mqtt('late'), 'nobody comes in now')
    assert.ok(ends.length < count, 'that was during the draining')

    assert.equal((await world.engine.end()).code, 0)
    await Promise.all(clients.map((client) => within('the end of the connection', client.closed)))
    await within('the end of the writing', Promise.all(writing))
    for (const client of clients) assert.equal(client.farewell?.reasonCode, reason.shuttingDown)
    assert.ok(ends.at(-1) - ends[0] > seconds * 500, `not all at once: ${ends.map((at) => at - start)}`)
    assert.ok(ends.at(-1) - start < seconds * 1000 + 3000, `in time: ${ends.map((at) => at - start)}`)
    assert.ok(acknowledged.some(({ at }) => at > ends[0]), 'who is still connected is served')

    await world.engine.start()
    const stored = new Set((await bodies(world.engine)).map(({ text }) => text))
    assert.deepEqual(acknowledged.filter(({ text }) => !stored.has(text)), [], `of ${acknowledged.length}`)
  })

  it('what a persistent session was to get waits for it', async () => {
    const how = { token: await world.token('patient'), clientId: 'patient-phone', clean: false, properties: { sessionExpiryInterval: 60 } }
    const patient = await world.open(js, how)
    await patient.subscribe(`${prefix}/patient/#`)
    await patient.leave()
    const writer = await world.mqtt('writer')
    for (let n = 0; n < 50; ++n) await writer.publish(outgoing('writer', 'patient'), { text: `${n}` })
    assert.equal((await world.engine.stop()).code, 0)
    await world.engine.start()
    const back = await world.open(js, how)
    const list = await back.wait(added('patient', 'writer'), { count: 50 })
    assert.deepEqual(list.map(({ json }) => json.text), Array.from({ length: 50 }, (_, n) => `${n}`))
  })

  it('a second signal ends it at once', async () => {
    await world.mqtt('unimpressed')
    world.engine.env.DRAIN_SECONDS = '60'
    await world.engine.stop()
    await world.engine.start()
    await Promise.all(Array.from({ length: 5 }, (_, n) => world.mqtt(`unimpressed${n}`)))
    world.engine.signal('SIGTERM')
    await world.engine.ready(false)
    world.engine.signal('SIGTERM')
    await world.engine.end(5_000)
  })

  it('everything is cleared away', async () => { await world?.close() })
})

describe('without a secret', () => {
  let world

  it('the first start makes one, for the service’s account alone, and says so', async () => {
    world = await World.create({}, { engine: false })
    delete world.env.JWT_SECRET_FILE
    await world.engine.start()
    const file = path.join(world.engine.dataDir, 'jwt.secret')
    assert.equal(fs.statSync(file).mode & 0o777, 0o600)
    const secret = fs.readFileSync(file, 'utf8').trim()
    assert.match(secret, /^[0-9a-f]{64}$/)
    assert.ok(world.engine.log.split('\n').some((line) => line.includes('no JWT_SECRET is set') && line.includes(file)), 'it says where')
    assert.ok(!world.engine.log.includes(secret), 'and not what')
    world.secret = secret
  })

  it('a token made with it is good for MQTT and REST, whoever makes it', async () => {
    const alice = await world.inbox('alice') // by `inboxd token`
    const bob = await world.open(js, { token: sign({ ...serviceClaims('bob'), app_id: 'tilechat' }, world.secret) })
    await bob.publish(outgoing('bob', 'alice'), { text: 'found it' })
    await alice.wait(added('alice', 'bob'))
    const response = await fetch(`${world.engine.url}/api/tilechat/alice/conversations`, { headers: { Authorization: await world.token('alice') } })
    assert.equal(response.status, 200)
    await assert.rejects(world.open(js, { token: sign({ ...serviceClaims('bob'), app_id: 'tilechat' }, world.broker.secret) }), { code: reason.credentials })
  })

  it('the next start uses the same', async () => {
    const token = await world.token('alice')
    await world.engine.stop()
    world.engine.log = ''
    await world.engine.start()
    await world.open(js, { token })
    assert.ok(!world.engine.log.includes('no JWT_SECRET is set'))
  })

  it('everything is cleared away', async () => { await world?.close() })
})

describe('settings that would be dangerous', () => {
  it('AUTH_MODE=none is refused where a listener is not on loopback, and the message says why', async () => {
    const world = await World.create({ AUTH_MODE: 'none' }, { engine: false })
    for (const name of ['BIND', 'HTTP_BIND']) {
      const { code, stdout, stderr } = await run(inboxd, ['serve'], { env: { ...world.env, [name]: '0.0.0.0' } })
      assert.notEqual(code, 0)
      for (const words of ['AUTH_MODE', 'loopback', name]) assert.ok((stdout + stderr).includes(words), `${words} in: ${stdout}${stderr}`)
    }
    await world.engine.start()
    assert.match(world.engine.log, /AUTH_MODE=none/, 'on loopback it starts, with a warning')
    await world.close()
  })

  it('a TLS port without a certificate is refused', async () => {
    const world = await World.create({ MQTT_TLS_PORT: '1' }, { engine: false })
    const { code, stdout, stderr } = await run(inboxd, ['serve'], { env: world.env })
    assert.notEqual(code, 0)
    assert.match(stdout + stderr, /certificate|CERT_PEM/)
    await world.close()
  })
})
