// The REST API of a running engine, next to MQTT clients (PROTOCOL 9).
import assert from 'node:assert/strict'
import net from 'node:net'
import { sign } from './support/jwt.mjs'
import { caller } from './support/rest.mjs'
import { within } from './support/wait.mjs'
import { chat21Added, chat21Outgoing, withWorld } from './support/world.mjs'

// What comes back for bytes written to the HTTP port.
function raw(world, bytes, { until = () => false, deadline = 20_000 } = {}) {
  const socket = net.connect(Number(world.env.HTTP_PORT), '127.0.0.1')
  return within('an answer', new Promise((resolve, reject) => {
    let text = ''
    socket.on('data', (data) => {
      text += data
      if (until(text)) socket.end()
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
    socket.write(bytes)
  }), deadline)
}

withWorld('the REST API', {}, (scenario) => {
  scenario('a message sent by REST reaches the inbox, and is in both histories when it is answered', async (world) => {
    const bob = await world.inbox('bob')
    const alice = await caller(world, 'alice')
    const sent = await alice('POST', '/messages', { recipient_id: 'bob', recipient_fullname: 'Bob', sender_fullname: 'Alice', text: 'by REST' })
    assert.equal(sent.status, 200, sent.text)
    assert.equal(sent.json.success, true)
    const history = await alice('GET', '/alice/conversations/bob/messages')
    assert.equal(history.status, 200)
    assert.deepEqual(history.json.result.map(({ message_id, text, status }) => ({ message_id, text, status })),
      [{ message_id: sent.json.message_id, text: 'by REST', status: 100 }])
    assert.equal((await bob.wait(chat21Added('bob', 'alice'))).json.message_id, sent.json.message_id)
    const conversations = await (await caller(world, 'bob'))('GET', '/bob/conversations')
    assert.deepEqual(conversations.json.result.map(({ conversWith, is_new, unread_count }) => [conversWith, is_new, unread_count]),
      [['alice', true, 1]])
  })

  scenario('what one may not see is refused', async (world) => {
    const mallory = await caller(world, 'mallory')
    for (const path of ['/bob/conversations', '/bob/conversations/alice', '/bob/conversations/alice/messages', '/bob/messages', '/bob/instances']) {
      assert.equal((await mallory('GET', path)).status, 401, path)
    }
    assert.equal((await mallory('GET', '/mallory/conversations')).status, 200)
    for (const Authorization of ['', 'nonsense', sign({ sub: 'bob', user_id: 'bob', app_id: 'tilechat', aud: ['rabbitmq'] }, 'another secret of thirty-two bytes!'),
      sign({ sub: 'bob', user_id: 'bob', app_id: 'tilechat', aud: ['rabbitmq'] }, '', { alg: 'none', typ: 'JWT' })]) {
      const answer = await mallory('GET', '/bob/conversations', undefined, { Authorization })
      assert.equal(answer.status, 403, Authorization)
      assert.deepEqual(answer.json, { success: false, msg: 'Unauthorized.' })
    }
    const admin = await caller(world, 'root', '--admin')
    assert.equal((await admin('GET', '/bob/conversations')).status, 200)
  })

  scenario('archive by REST is told to the MQTT client', async (world) => {
    const bob = await world.inbox('bob')
    const rest = await caller(world, 'bob')
    assert.equal((await rest('DELETE', '/conversations/alice')).status, 201)
    await bob.wait('apps/tilechat/users/bob/conversations/alice/clientdeleted')
    assert.deepEqual((await rest('GET', '/bob/conversations')).json.result, [])
    assert.equal((await rest('GET', '/bob/archived_conversations')).json.result.length, 1)
    assert.equal((await rest('GET', '/bob/conversations/archived')).json.result.length, 1)
    assert.equal((await rest('GET', '/bob/archived_conversations/alice')).json.result.length, 1)
  })

  scenario('a group: made, joined with its history, renamed, left, each told by system messages in their order', async (world) => {
    const ann = await caller(world, 'ann')
    const annInbox = await world.inbox('ann')
    const made = await ann('POST', '/groups', { group_name: 'Rowing', group_id: 'group-row', group_members: { ben: 1 } })
    assert.equal(made.status, 201, made.text)
    assert.deepEqual(Object.keys(made.json.group.members).sort(), ['ann', 'ben'])
    const texts = async (inbox, count) =>
      (await inbox.wait('/messages/group-row/clientadded', { count })).map(({ json }) => json.text)
    assert.deepEqual(await texts(annInbox, 3), ['Group created', 'ben joined group on creation', 'ann joined group on creation'])

    const eve = await world.inbox('eve')
    assert.equal((await ann('POST', '/groups/group-row/members', { member_id: 'eve' })).status, 200)
    const joined = await eve.wait('/messages/group-row/clientadded', { count: 4 })
    assert.deepEqual(joined.map(({ json }) => [json.text, json.__history]), [
      ['eve added to group', undefined], ['Group created', 'true'], ['ben joined group on creation', 'true'], ['ann joined group on creation', 'true']])
    await annInbox.wait('/groups/group-row/clientupdated',
      { matches: ({ json }) => json.notification?.messagelabel.key === 'MEMBER_JOINED_GROUP' })
    const again = await ann('POST', '/groups/group-row/members', { member_id: 'eve' })
    assert.equal(again.status, 405)

    assert.equal((await ann('PUT', '/groups/group-row', { group_name: 'Sailing' })).status, 200)
    assert.equal((await ann('GET', '/groups/group-row')).json.result.name, 'Sailing')
    assert.equal((await (await caller(world, 'stranger'))('GET', '/groups/group-row')).status, 401)
    assert.equal((await ann('GET', '/groups/group-none')).status, 404)
    assert.equal((await (await caller(world, 'ben'))('DELETE', '/groups/group-row/members/ben')).status, 200)
    assert.deepEqual(Object.keys((await ann('GET', '/groups/group-row')).json.result.members).sort(), ['ann', 'eve'])
  })

  scenario('everything new since a cursor, over all conversations', async (world) => {
    const zoe = await caller(world, 'zoe')
    const first = await zoe('GET', '/zoe/messages')
    assert.equal(first.status, 200, first.text)
    const xena = await caller(world, 'xena')
    for (const text of ['1', '2', '3']) await xena('POST', '/messages', { recipient_id: 'zoe', text })
    const page = await zoe('GET', `/zoe/messages?since=${first.json.cursor}&limit=2`)
    assert.deepEqual(page.json.result.map(({ text }) => text), ['1', '2'])
    const rest = await zoe('GET', `/zoe/messages?since=${page.json.cursor}`)
    assert.deepEqual(rest.json.result.map(({ text }) => text), ['3'])
    assert.equal(rest.json.complete, true)
    assert.equal((await zoe('GET', '/zoe/messages?since=1')).json.complete, false, 'too old: said, not hidden')
  })

  scenario('typing is told at once, and stored nowhere', async (world) => {
    const kay = await world.inbox('kay')
    const lou = await caller(world, 'lou')
    assert.equal((await lou('PUT', '/typings/kay', { text: 'he' })).status, 200)
    const { json } = await kay.wait('apps/tilechat/users/kay/typings/lou/clienttyping')
    assert.deepEqual([json.writer_id, json.text], ['lou', 'he'])
    assert.deepEqual((await (await caller(world, 'kay'))('GET', '/kay/conversations')).json.result, [])
  })

  scenario('messages/sync answers with the reply', async (world) => {
    const bot = await world.inbox('bot')
    const max = await caller(world, 'max')
    const asked = max('POST', '/messages/sync', { recipient_id: 'bot', text: 'anyone?' })
    await bot.wait(chat21Added('bot', 'max'))
    await bot.publish(chat21Outgoing('bot', 'max'), { text: 'here' })
    const answer = await within('the reply', asked)
    assert.equal(answer.status, 200, answer.text)
    assert.match(answer.text, /"here"/)
  })

  scenario('instances for push are kept, for admins to ask', async (world) => {
    const pam = await caller(world, 'pam')
    assert.equal((await pam('POST', '/pam/instances/abc%3A1', { platform: 'ios', device_model: 'x', language: 'en', platform_version: '1' })).status, 200)
    const admin = await caller(world, 'root', '--admin')
    const { json } = await admin('GET', '/pam/instances')
    assert.match(JSON.stringify(json), /"ios"/)
  })

  scenario('bad requests are answered, and the engine lives on', async (world) => {
    const alice = await caller(world, 'alice')
    assert.equal((await alice('POST', '/messages', '{"recipient_id":')).status, 400)
    assert.equal((await alice('POST', '/messages', { text: 'to nobody' })).status, 405)
    assert.equal((await alice('POST', '/messages', { recipient_id: 'a/b', text: 'x' })).status, 400)
    assert.equal((await alice('POST', '/messages', { recipient_id: 'bob', text: 'x'.repeat(2 << 20) })).status, 413)
    assert.equal((await alice('GET', '/alice/nothing/here')).status, 404)
    assert.equal((await alice('PATCH', '/messages')).status, 405)
    assert.equal((await alice('POST', '/messages', { recipient_id: 'bob', text: 'late', attributes: 7 })).status, 400)
    const preflight = await fetch(`${world.engine.url}/api/tilechat/alice/conversations`, { method: 'OPTIONS', headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET' } })
    assert.ok(preflight.status === 200 || preflight.status === 204)
    assert.equal(preflight.headers.get('access-control-allow-origin'), '*')
    assert.equal((await fetch(`${world.engine.url}/openapi.yaml`)).status, 200)
  })

  scenario('pipelined requests are answered in order; who sends by the drop is cut off', async (world) => {
    const request = (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
    const text = await raw(world, request('/health/live') + request('/nowhere') + request('/health/ready'),
      { until: (so) => so.split('HTTP/1.1 ').length === 4 })
    assert.deepEqual(text.match(/HTTP\/1\.1 (\d+)/g), ['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200'])
    const slow = await raw(world, 'GET /health/live HTTP/1.1\r\nHost: ', { deadline: 30_000 })
    assert.doesNotMatch(slow, /200 OK/)
  })
})
