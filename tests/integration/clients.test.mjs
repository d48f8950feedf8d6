// The product by clients that we did not write: mqtt.js, Mosquitto's programs and Paho, in MQTT 3.1.1 and 5, over each transport, and
// what the embedded broker tells them when it says no.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, it } from 'node:test'
import { certify, js, jsOld, kinds, mosquitto, mosquittoOld, paho, pahoOld } from './support/clients.mjs'
import { serviceClaims, sign } from './support/jwt.mjs'
import { freePort } from './support/paths.mjs'
import { output } from './support/processes.mjs'
import { eventually, within } from './support/wait.mjs'
import { added, chat21Added, chat21Outgoing, outgoing, prefix, withWorld, World } from './support/world.mjs'

describe('a chat', () => {
  let world, certificate, ports

  it('an engine that listens on all transports starts', async () => {
    world = await World.create({}, { engine: false })
    const files = await certify(world.broker.dir)
    certificate = files.certificate
    const [tls, wss] = (await output(freePort, ['2'])).trim().split('\n')
    ports = { tcp: world.broker.mqttPort, ws: world.broker.webPort, tls, wss }
    Object.assign(world.env, { MQTT_TLS_PORT: tls, MQTT_WSS_PORT: wss, MQTT_CERT_PEM: files.certificate, MQTT_KEY_PEM: files.key })
    await world.engine.start()
  })

  const ways = {
    'over TCP': { transport: 'tcp' },
    'over TLS': { transport: 'tls', secure: true },
    'over WebSocket at /ws': { transport: 'ws', path: '/ws' },
    'over WebSocket at /mqws/ws, as Chat21’s web clients do': { transport: 'ws', path: '/mqws/ws' },
    'over secure WebSocket at /ws': { transport: 'wss', path: '/ws', secure: true },
    'over secure WebSocket at /mqws/ws': { transport: 'wss', path: '/mqws/ws', secure: true },
  }
  for (const [n, [what, { transport, path, secure }]] of Object.entries(ways).entries()) {
    it(`of each client with each, ${what}`, async () => {
      const members = await Promise.all(kinds.filter((kind) => kind.transports.includes(transport)).map(async (kind) => {
        const user = `${kind.name}-${n}`
        const client = await world.open(kind, {
          port: ports[transport], transport, path, ca: secure ? certificate : undefined, token: await world.token(user), clientId: `${user}-client`,
        })
        for (const filter of [`${prefix}/${user}/#`, `apps/tilechat/users/${user}/#`]) await client.subscribe(filter, 1)
        return { user, kind, client }
      }))
      for (const me of members) {
        // The older version of each speaks the Chat21 layout.
        const topic = me.kind.version === 5 ? outgoing : chat21Outgoing
        for (const peer of members) await me.client.publish(topic(me.user, peer.user), { text: `${me.user} to ${peer.user}`, type: 'text' })
      }
      for (const me of members) {
        for (const peer of members) {
          for (const topic of [added, chat21Added]) {
            const { json, packet } = await me.client.wait(topic(me.user, peer.user), { matches: ({ json }) => json.sender === peer.user })
            assert.deepEqual([json.text, json.recipient, json.status], [`${peer.user} to ${me.user}`, me.user, peer === me ? 100 : 150])
            assert.deepEqual([packet.qos, packet.retain], [1, false])
          }
        }
      }
      for (const { client } of members) await client.leave()
    })
  }

  it('long messages come whole, over each transport', async () => {
    const text = 'für 你 😀 '.repeat(11_000) // 220 kB in many TCP segments, and in WebSocket frames of the client's choice
    for (const transport of Object.keys(ports)) {
      const ca = ['tls', 'wss'].includes(transport) ? certificate : undefined
      for (const kind of [js, pahoOld]) {
        const user = `long-${kind.name}-${transport}`
        const client = await world.open(kind, { port: ports[transport], transport, path: '/ws', ca, token: await world.token(user) })
        await client.subscribe(`${prefix}/${user}/#`)
        await client.publish(outgoing(user, 'reader'), { text })
        const { json } = await client.wait(added(user, 'reader'))
        assert.ok(json.text === text, user)
        await client.leave()
      }
    }
  })

  it('a client that does not trust the certificate does not talk', async () => {
    const stranger = await certify(world.broker.dir, 'another')
    for (const kind of [js, paho]) {
      await assert.rejects(world.open(kind, { port: ports.tls, transport: 'tls', ca: stranger.certificate, token: await world.token('careful') }))
    }
  })

  it('SIGHUP brings a new certificate; who is connected stays', async () => {
    const before = await world.open(js, { port: ports.tls, transport: 'tls', ca: certificate, token: await world.token('steady') })
    const renewed = await certify(world.broker.dir, 'renewed')
    for (const [name, file] of Object.entries(renewed)) fs.copyFileSync(file, world.env[name === 'key' ? 'MQTT_KEY_PEM' : 'MQTT_CERT_PEM'])
    world.engine.signal('SIGHUP')
    for (const [transport, kind] of [['tls', mosquitto], ['wss', paho]]) {
      await eventually(`${transport} has the new one`, async () => {
        const client = await world.open(kind, { port: ports[transport], transport, ca: renewed.certificate, token: await world.token('new') })
        await client.publish(outgoing('new', 'steady'), { text: transport })
        await client.leave()
        return true
      })
    }
    await before.subscribe(`${prefix}/steady/#`)
    await before.publish(outgoing('steady', 'new'), { text: 'still here' })
    await before.wait(added('steady', 'new'))
  })

  it('a WebSocket at another path is refused', async () => {
    for (const kind of [js, pahoOld]) {
      await assert.rejects(world.open(kind, { port: ports.ws, transport: 'ws', path: '/elsewhere', token: await world.token('lost') }))
    }
  })

  it('a client of one transport is taken over by one of another, and its session goes on', async () => {
    const token = await world.token('roamer')
    const how = { token, clientId: 'roamer-client', clean: false, properties: { sessionExpiryInterval: 60 } }
    const first = await world.open(js, how)
    await first.subscribe(`${prefix}/roamer/#`)
    const second = await world.open(paho, { ...how, port: ports.wss, transport: 'wss', path: '/ws', ca: certificate })
    await within('the end of the first', first.closed)
    assert.equal(second.connack.sessionPresent, true)
    const peer = await world.mqtt('peer')
    await peer.publish(outgoing('peer', 'roamer'), { text: 'where are you?' })
    await second.wait(added('roamer', 'peer'))
  })

  it('what was sent to a user while his client was away is there when it is back, also after a crash', async () => {
    const open = async (kind, user) => world.open(kind, { token: await world.token(user), clientId: `${user}-client`, clean: false,
      ...(kind.version === 5 ? { properties: { sessionExpiryInterval: 600 } } : {}) })
    for (const kind of kinds) {
      const user = `${kind.name}-away`
      const before = await open(kind, user)
      await before.subscribe(`${prefix}/${user}/#`, 1)
      await before.leave()
    }
    const peer = await world.mqtt('faithful')
    for (const { name } of kinds) await peer.publish(outgoing('faithful', `${name}-away`), { text: 'see you' })
    await world.engine.kill()
    await world.engine.start()
    for (const kind of kinds) {
      const user = `${kind.name}-away`
      const client = await open(kind, user)
      if ([mosquitto, mosquittoOld].includes(kind)) await client.subscribe(`${prefix}/${user}/#`, 1)
      assert.equal((await client.wait(added(user, 'faithful'))).json.text, 'see you', kind.name)
      await client.leave()
    }
  })

  it('the engine stops in good order', async () => { await world?.close() })
})

withWorld('what clients are told', { settings: { MQTT_SESSION_EXPIRY_MAX: '1 h' } }, (scenario) => {
  const bad = { notAuthorized: 0x87, clientId: 0x85, credentials: 0x86, method: 0x8c }
  const before5 = { credentials: 4, clientId: 2, notAuthorized: 5 }
  const forged = (world) => sign({ ...serviceClaims('mallory'), app_id: 'tilechat' }, 'f'.repeat(64))

  scenario('a bad token, none, and one that has expired: wrong credentials', async (world) => {
    const old = { ...serviceClaims('mallory'), app_id: 'tilechat', exp: Math.floor(Date.now() / 1000) - 60 }
    for (const token of [forged(world), sign(old, world.broker.secret), 'hello', undefined]) {
      for (const kind of [js, paho]) await assert.rejects(world.open(kind, { token }), { code: bad.credentials }, kind.name)
      for (const kind of [jsOld, pahoOld]) await assert.rejects(world.open(kind, { token }), { code: before5.credentials }, kind.name)
    }
  })

  scenario('a token of another app: wrong credentials', async (world) => {
    const other = sign({ ...serviceClaims('mallory'), app_id: 'elsewhere' }, world.broker.secret)
    await assert.rejects(world.open(js, { token: other }), { code: bad.credentials })
  })

  scenario('a subscription that the token does not grant: that filter is refused, the connection stays', async (world) => {
    for (const kind of [js, paho, jsOld, pahoOld, mosquitto, mosquittoOld]) {
      const client = await world.open(kind, { token: await world.token('alice') })
      await assert.rejects(client.subscribe(`${prefix}/bob/#`), { code: kind.version === 5 ? bad.notAuthorized : 0x80 }, kind.name)
      await client.subscribe(`${prefix}/alice/#`)
      await client.publish(outgoing('alice', 'bob'), { text: kind.name })
      await client.wait(added('alice', 'bob'))
      await client.leave()
    }
  })

  scenario('a publication that it does not grant: refused in MQTT 5, and the end of the connection before', async (world) => {
    for (const qos of [1, 2]) {
      const client = await world.open(js, { token: await world.token('alice') })
      await assert.rejects(client.publish(outgoing('bob', 'carol'), { text: 'forged' }, { qos }), { code: bad.notAuthorized })
      await client.subscribe(`${prefix}/alice/#`)
      await client.publish(outgoing('alice', 'bob'), { text: 'still here' }, { qos })
      await client.wait(added('alice', 'bob'))
    }
    for (const kind of [jsOld, pahoOld]) {
      const client = await world.open(kind, { token: await world.token('alice') })
      await assert.rejects(client.publish(outgoing('bob', 'carol'), { text: 'forged' }))
      await within('the end of the connection', client.closed)
    }
    const fast = await world.open(js, { token: await world.token('alice') })
    await fast.publish(outgoing('bob', 'carol'), { text: 'forged' }, { qos: 0 })
    await within('the end of the connection', fast.closed)
    assert.equal(fast.farewell?.reasonCode, bad.notAuthorized, 'nothing answers QoS 0 but the end')
  })

  scenario('a last will that it does not grant: no connection', async (world) => {
    const will = { topic: added('bob', 'carol'), payload: 'x', qos: 1 }
    const token = await world.token('alice')
    for (const kind of [js, paho]) await assert.rejects(world.open(kind, { token, will }), { code: bad.notAuthorized }, kind.name)
    for (const kind of [jsOld, pahoOld]) await assert.rejects(world.open(kind, { token, will }), { code: before5.notAuthorized }, kind.name)
  })

  scenario('a client id belongs to the user who first used it, also when its session is over', async (world) => {
    const [alice, mallory] = [await world.token('alice'), await world.token('mallory')]
    for (const how of [{ clientId: 'phone', clean: true }, { clientId: 'tablet', clean: false, properties: { sessionExpiryInterval: 60 } }]) {
      const owner = await world.open(js, { ...how, token: alice })
      const refused = async () => {
        for (const clean of [true, false]) {
          await assert.rejects(world.open(js, { ...how, clean, token: mallory }), { code: bad.clientId })
          await assert.rejects(world.open(pahoOld, { clientId: how.clientId, clean, token: mallory }), { code: before5.clientId })
        }
      }
      await refused()
      await owner.subscribe(`${prefix}/alice/#`)
      await owner.publish(outgoing('alice', 'bob'), { text: 'undisturbed' })
      await owner.wait(added('alice', 'bob'))
      await owner.leave()
      await refused()
      await (await world.open(paho, { clientId: how.clientId, token: alice })).leave()
    }
  })

  scenario('a session cannot be kept for longer than the server allows, and the client is told for how long', async (world) => {
    for (const kind of [js, paho]) {
      const how = { token: await world.token('alice'), clientId: `long-${kind.name}`, properties: { sessionExpiryInterval: 86_400 } }
      const client = await world.open(kind, how)
      assert.equal(client.connack.properties.sessionExpiryInterval, 3600, kind.name)
    }
  })

  scenario('the token expires: the connection ends, with the reason in MQTT 5', async (world) => {
    const token = await world.token('brief', '--ttl', '3')
    const clients = await Promise.all([js, jsOld, paho, pahoOld].map((kind) => world.open(kind, { token })))
    await clients[0].subscribe(`${prefix}/brief/#`)
    for (const client of clients) await within('the end of the connection', client.closed)
    assert.equal(clients[0].farewell?.reasonCode, bad.notAuthorized)
    await assert.rejects(world.open(js, { token }), { code: bad.credentials })
  })

  // --- the token by MQTT 5's enhanced authentication, with method JWT

  const enhanced = (token) => ({ properties: { authenticationMethod: 'JWT', authenticationData: Buffer.from(token) } })

  scenario('a token can come by enhanced authentication', async (world) => {
    const client = await world.open(js, enhanced(await world.token('modern')))
    assert.equal(client.connack.properties.authenticationMethod, 'JWT')
    await client.subscribe(`${prefix}/modern/#`)
    await assert.rejects(client.subscribe(`${prefix}/bob/#`), { code: bad.notAuthorized })
    await assert.rejects(world.open(js, enhanced(forged(world))), { code: bad.credentials })
    await assert.rejects(world.open(js, { properties: { authenticationMethod: 'KERBEROS', authenticationData: Buffer.from('x') } }), { code: bad.method })
  })

  scenario('or when the server asks for it', async (world) => {
    const token = await world.token('modern')
    const answer = (packet, done) => done(undefined, { cmd: 'auth', reasonCode: 0x18,
      properties: { authenticationMethod: 'JWT', authenticationData: Buffer.from(token) } })
    const client = await world.open(js, { properties: { authenticationMethod: 'JWT' }, answer })
    await client.subscribe(`${prefix}/modern/#`)
  })

  scenario('a client that shows a new token in time goes on beyond the end of the first', async (world) => {
    const heard = []
    const client = await world.open(js, {
      ...enhanced(await world.token('renewer', '--ttl', '3')), answer: (packet, done) => {
        heard.push(packet.reasonCode)
        done()
      },
    })
    const other = await world.open(js, enhanced(await world.token('renewer', '--ttl', '3')))
    await client.subscribe(`${prefix}/renewer/#`)
    client.authenticate({ reasonCode: 0x19, ...enhanced(await world.token('renewer')) })
    await eventually('the server has taken it', () => heard.includes(0))
    await within('the end of the other', other.closed)
    await client.publish(outgoing('renewer', 'bob'), { text: 'still here' })
    await client.wait(added('renewer', 'bob'))
  })

  scenario('but not with another’s, or a forged one', async (world) => {
    for (const token of [await world.token('mallory'), forged(world)]) {
      const client = await world.open(js, { ...enhanced(await world.token('renewer')), answer: (packet, done) => done() })
      client.authenticate({ reasonCode: 0x19, ...enhanced(token) })
      await within('the end of the connection', client.closed)
      assert.equal(client.farewell?.reasonCode, bad.notAuthorized)
    }
  })
})

withWorld('connections that may outlive their tokens', { settings: { TOKEN_GRACE: '2 s' } }, (scenario) => {
  scenario('by so long, and no longer; nobody logs in with the token meanwhile', async (world) => {
    const token = await world.token('brief', '--ttl', '2')
    const start = Date.now()
    const client = await world.open(js, { token })
    await eventually('the token is not good any more', async () => {
      await assert.rejects(world.open(js, { token }), { code: 0x86 })
      return true
    })
    await client.subscribe(`${prefix}/brief/#`)
    await client.publish(outgoing('brief', 'bob'), { text: 'still here' })
    await client.wait(added('brief', 'bob'))
    await within('the end of the connection', client.closed)
    assert.ok(Date.now() - start > 2800, 'not at the token’s end') // which is in whole seconds
    assert.equal(client.farewell?.reasonCode, 0x87)
  })
})
