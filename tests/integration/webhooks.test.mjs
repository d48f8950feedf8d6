// Events to a real HTTP server that fails in turn (PROTOCOL 8).
import assert from 'node:assert/strict'
import http from 'node:http'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { Collected, eventually } from './support/wait.mjs'
import { chat21Added, chat21Outgoing, embedded, World } from './support/world.mjs'
import { freePort } from './support/paths.mjs'
import { output } from './support/processes.mjs'

const secret = 'webhook-secret'

// An endpoint whose `answer` may be changed: (request number, event) => a status, or 'hang'.
class Endpoint {
  events = new Collected() // each request that was answered with 2xx
  attempts = 0
  answer = () => 200

  static async listen(port) {
    const endpoint = new Endpoint()
    endpoint.port = port
    endpoint.server = http.createServer((request, response) => endpoint.#serve(request, response))
    await new Promise((resolve) => endpoint.server.listen(port, '127.0.0.1', resolve))
    return endpoint
  }

  #serve(request, response) {
    let body = ''
    request.on('data', (data) => { body += data })
    request.on('end', () => {
      const event = { headers: request.headers, url: request.url, body, json: JSON.parse(body) }
      const answer = this.answer(++this.attempts, event)
      if (answer === 'hang') return
      if (answer < 300) this.events.add(event)
      response.statusCode = answer
      response.end('{}')
    })
  }

  of(type) {
    return this.events.items.filter(({ json }) => json.event_type === type)
  }

  async close() {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

describe('webhooks', () => {
  let world, endpoint, port, otherPort, other
  const settings = () => ({
    WEBHOOK_ENDPOINTS: `http://127.0.0.1:${port}/hook?key=a%20b, http://127.0.0.1:${otherPort}/`,
    WEBHOOK_SECRET: secret, WEBHOOK_RETRY: 'all', WEBHOOK_TIMEOUT: '1 s', PRESENCE_ENABLED: 'true',
  })

  it('a broker, two endpoints and an engine start', async () => {
    ;[port, otherPort] = (await output(freePort, ['2'])).trim().split('\n').map(Number)
    endpoint = await Endpoint.listen(port)
    other = await Endpoint.listen(otherPort)
    world = await World.create(settings())
  })

  const scenario = (title, body) => it(title, async () => {
    try {
      await body()
    } catch (error) {
      world?.report()
      throw error
    }
  })

  scenario('a message is message-delivered and message-sent, signed, under one id at both endpoints', async () => {
    const alice = await world.inbox('alice')
    await alice.publish(chat21Outgoing('alice', 'bob'), { text: 'hi' })
    for (const one of [endpoint, other]) {
      await one.events.wait('event', ({ json }) => json.event_type.startsWith('message'), { count: 2 })
    }
    const [delivered] = endpoint.of('message-delivered')
    const [sent] = endpoint.of('message-sent')
    assert.equal(delivered.json.delivered_to, 'bob')
    assert.equal(delivered.json.extras.topic, 'apps.tilechat.users.bob.messages.alice.clientadded')
    assert.equal(sent.json.delivered_to, 'alice')
    assert.equal(sent.json.data.text, 'hi')
    assert.equal(sent.json.message_id, sent.json.data.message_id)
    assert.equal(sent.url, '/hook?key=a%20b', 'its query is kept')
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(sent.headers['x-inboxd-signature'])
    assert.equal(v1, createHmac('sha256', secret).update(`${t}.${sent.body}`).digest('hex'))
    assert.equal(other.of('message-sent')[0].headers['x-inboxd-event-id'], sent.headers['x-inboxd-event-id'])
  })

  scenario('receipts, archive, and what brings a conversation back', async () => {
    const bob = await world.inbox('bob')
    const alice = await world.inbox('alice')
    const id = endpoint.of('message-sent')[0].json.message_id
    await bob.publish(`apps/tilechat/users/bob/messages/alice/${id}/update`, { status: 200 })
    await endpoint.events.wait('receipt', ({ json }) => json.event_type === 'message-return-receipt')
    assert.equal(endpoint.of('message-received')[0].json.data.status, 200)
    await bob.publish('apps/tilechat/users/bob/conversations/alice/archive', {})
    const { json } = (await endpoint.events.wait('archived', (e) => e.json.event_type === 'conversation-archived'))[0]
    assert.deepEqual([json.user_id, json.convers_with, json.extras.topic],
      ['bob', 'alice', 'apps.tilechat.users.bob.conversations.alice.archive'])
    await alice.publish(chat21Outgoing('alice', 'bob'), { text: 'again' })
    await endpoint.events.wait('unarchived', (e) => e.json.event_type === 'conversation-unarchived')
  })

  scenario('presence changes with the first connection and the last', async () => {
    const tab = (n) => `apps/tilechat/users/pia/presence/tab-${n}`
    const will = { topic: tab(2), payload: JSON.stringify({ disconnected: true }), qos: 1 }
    const first = await world.mqtt('pia')
    const second = await world.mqtt('pia', { will })
    await first.publish(tab(1), { connected: true })
    await second.publish(tab(2), { connected: true })
    await first.publish(tab(1), { disconnected: true })
    await second.cut()
    await first.end() // the embedded broker counts real connections
    const changes = await endpoint.events.wait('presence',
      ({ json }) => json.event_type === 'presence-change' && json.user_id === 'pia', { count: 2 })
    assert.deepEqual(changes.map(({ json }) => json.presence), ['online', 'offline'])
  })

  if (!embedded) scenario('what the reference engine left in its queue is sent on', async () => {
    const backend = await world.amqp()
    await backend.onChannel((channel) => channel.bindQueue('webhooks', 'amq.topic', 'observer.webhook.#'))
    await backend.publish('observer.webhook.apps.tilechat.message_deliver', {
      message_id: 'old-1', sender: 'alice', recipient: 'bob', status: 150, text: 'left behind', timestamp: 1600000000000,
      temp_webhook_endpoints: ['http://elsewhere'], temp_field_chat_topic: 'apps.tilechat.users.bob.messages.alice.clientadded',
    })
    const [{ json }] = await endpoint.events.wait('it', (event) => event.json.message_id === 'old-1')
    assert.deepEqual([json.event_type, json.delivered_to, json.data.text, json.data.temp_webhook_endpoints],
      ['message-delivered', 'bob', 'left behind', undefined])
  })

  scenario('while an endpoint hangs, messages and the other endpoint go on', async () => {
    endpoint.answer = () => 'hang'
    const carl = await world.inbox('carl')
    const before = other.of('message-sent').length
    for (let i = 0; i < 6; ++i) await carl.publish(chat21Outgoing('carl', 'dora'), { text: `n${i}` })
    await carl.wait(chat21Added('carl', 'dora'), { count: 6 })
    await eventually('the other endpoint has them', () => other.of('message-sent').length === before + 6)
    assert.equal(endpoint.of('message-sent').filter(({ json }) => json.data.sender === 'carl').length, 0)
  })

  scenario('one that answers 500, then works: each event arrives, in order in its conversation', async () => {
    let left = 3
    endpoint.answer = () => --left > 0 ? 500 : 200
    const texts = () => endpoint.of('message-sent').filter(({ json }) => json.data.sender === 'carl').map(({ json }) => json.data.text)
    await eventually('all of them', () => texts().length === 6, 100_000)
    assert.deepEqual(texts(), Array.from({ length: 6 }, (_, i) => `n${i}`))
  })

  scenario('404 is final, and holds up nobody', async () => {
    endpoint.answer = (_, { json }) => json.data?.text === 'unwanted' ? 404 : 200
    const carl = await world.inbox('carl')
    await carl.publish(chat21Outgoing('carl', 'dora'), { text: 'unwanted' })
    await carl.publish(chat21Outgoing('carl', 'dora'), { text: 'wanted' })
    await endpoint.events.wait('the next', ({ json }) => json.data?.text === 'wanted')
    assert.equal(await world.engine.metric('inboxd_webhook_given_up_total'), 0)
  })

  scenario('killed between the commit and the sending, the engine sends each event after its next start', async () => {
    await endpoint.close()
    const carl = await world.inbox('carl')
    for (let i = 0; i < 10; ++i) await carl.publish(chat21Outgoing('carl', 'dora'), { text: `k${i}` })
    await carl.wait(chat21Added('carl', 'dora'), { count: 10, matches: ({ json }) => json.text.startsWith('k') })
    await world.engine.kill()
    endpoint = await Endpoint.listen(port)
    await world.engine.start()
    const texts = () => endpoint.of('message-sent').map(({ json }) => json.data.text).filter((text) => text.startsWith('k'))
    await eventually('all of them', () => new Set(texts()).size === 10, 100_000)
    assert.deepEqual([...new Set(texts())], Array.from({ length: 10 }, (_, i) => `k${i}`))
  })

  scenario('what is given up is listed, and replayed', async () => {
    await world.engine.stop()
    await endpoint.close()
    world.engine.env = { ...world.engine.env, WEBHOOK_MAX_AGE: '1 s' }
    await world.engine.start()
    const carl = await world.inbox('carl')
    await carl.publish(chat21Outgoing('carl', 'dora'), { text: 'forlorn' })
    const list = await eventually('it is given up', async () => {
      const { stdout } = await world.engine.command('webhooks', 'list')
      return stdout.trim().split('\n').filter(Boolean).length >= 2 && stdout
    }, 60_000)
    assert.doesNotMatch(list, /forlorn|key=/)
    endpoint = await Endpoint.listen(port)
    const replayed = await world.engine.command('webhooks', 'replay', '--all')
    assert.equal(replayed.code, 0, replayed.stderr)
    await endpoint.events.wait('it', ({ json }) => json.data?.text === 'forlorn', { count: 2, deadline: 90_000 })
  })

  it('the engine stops in good order', async () => {
    await world?.close()
    await endpoint?.close()
    await other?.close()
  })
})
