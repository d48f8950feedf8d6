// Blocking, bans, content filters, the policy hook and rate limits, by MQTT, AMQP and REST (docs/policies.md).
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { freePort } from './support/paths.mjs'
import { output } from './support/processes.mjs'
import { caller } from './support/rest.mjs'
import { deadLetters, texts, timeline } from './support/store.mjs'
import { eventually } from './support/wait.mjs'
import { added, chat21Added, chat21Outgoing, outgoing, prefix, withWorld } from './support/world.mjs'

const told = async (client, uid) => (await client.wait(`${uid}/clientupdated`, { matches: ({ json }) => json.status === -100 })).json

// Waits until everything that was published before is decided: the last word of a client to himself.
async function settled(client, me) {
  const uid = `settled-${Math.random()}`
  await client.publish(chat21Outgoing(me, me), { text: 'note', attributes: { tempUID: uid } })
  await client.wait(chat21Added(me, me), { matches: ({ json }) => json.attributes?.tempUID === uid })
}

withWorld('blocks and bans', {}, (scenario) => {
  for (const [layout, blockTopic, outgoingTopic, addedTopic] of [
    ['the Chat21 layout', (me, user) => `apps/tilechat/users/${me}/blocks/${user}/update`, chat21Outgoing, chat21Added],
    ['the path layout', (me, user) => `${prefix}/${me}/blocks/${user}/update`, outgoing, added],
  ]) {
    scenario(`a block by MQTT, in ${layout}: nothing reaches the blocker, and the sender sees SENT`, async (world) => {
      const [bob, eve] = [`bob-${layout[4]}`, `eve-${layout[4]}`]
      const blocker = await world.inbox(bob)
      const sender = await world.inbox(eve)
      await blocker.publish(blockTopic(bob, eve), { blocked: true })
      assert.deepEqual((await blocker.wait(`blocks/${eve}/clientupdated`)).json.blocked, true)
      await sender.publish(outgoingTopic(eve, bob), { text: 'let me in' })
      assert.equal((await sender.wait(addedTopic(eve, bob))).json.status, 100)
      await settled(blocker, bob)
      assert.deepEqual(blocker.all(addedTopic(bob, eve)), [])
      assert.deepEqual(await texts(world.engine, bob, eve), [])
      assert.deepEqual(await texts(world.engine, eve, bob), ['let me in'])

      await blocker.publish(blockTopic(bob, eve), { blocked: false })
      await blocker.wait(`blocks/${eve}/clientupdated`, { matches: ({ json }) => json.blocked === false })
      await sender.publish(outgoingTopic(eve, bob), { text: 'again' })
      await blocker.wait(addedTopic(bob, eve), { matches: ({ json }) => json.text === 'again' })
      assert.deepEqual(await texts(world.engine, bob, eve), ['again'], 'what was blocked stays so')
    })
  }

  scenario('a block by REST holds for REST, for groups, and for what back ends deliver', async (world) => {
    const [carol, mallory] = [await world.inbox('carol'), await world.inbox('mallory')]
    const asCarol = await caller(world, 'carol')
    const asMallory = await caller(world, 'mallory')
    assert.equal((await asCarol('PUT', '/carol/blocks/mallory')).status, 200)
    assert.equal((await asMallory('GET', '/carol/blocks')).status, 401)
    assert.deepEqual((await asCarol('GET', '/carol/blocks')).json.result.map(({ user }) => user), ['mallory'])

    assert.equal((await asMallory('POST', '/messages', { recipient_id: 'carol', recipient_fullname: 'C', sender_fullname: 'M', text: 'by REST' })).status, 200)
    await mallory.publish(chat21Outgoing('mallory', 'group-b'), { text: 'to all', channel_type: 'group', group: { members: { carol: 1, dave: 1 } } })
    await (await world.amqp()).publish('apps.observer.tilechat.users.carol.messages.mallory.delivered',
      { message_id: 'm-1', sender: 'mallory', recipient: 'carol', text: 'by a back end', timestamp: 1, status: 150 })
    await mallory.wait(chat21Added('mallory', 'group-b'))
    await settled(carol, 'carol')
    await settled(mallory, 'mallory')
    assert.deepEqual([...await texts(world.engine, 'carol', 'mallory'), ...await texts(world.engine, 'carol', 'group-b')], [])
    assert.deepEqual(await texts(world.engine, 'dave', 'group-b'), ['to all'])
    assert.equal((await asCarol('DELETE', '/carol/blocks/mallory')).status, 200)
    assert.deepEqual((await asCarol('GET', '/carol/blocks')).json.result, [])
  })

  scenario('a banned user sends nothing, and is told why', async (world) => {
    const spammer = await world.inbox('spammer')
    const admin = await caller(world, 'root', '--admin')
    assert.equal((await (await caller(world, 'spammer'))('PUT', '/bans/bob', {})).status, 401)
    assert.equal((await admin('PUT', '/bans/spammer', { reason: 'advertising', seconds: 3600 })).status, 200)
    assert.equal((await admin('GET', '/bans')).json.result[0].reason, 'advertising')
    await spammer.publish(chat21Outgoing('spammer', 'bob'), { text: 'buy', attributes: { tempUID: 'S-1' } })
    const refusal = await told(spammer, 'S-1')
    assert.equal(refusal.error.code, 'banned')
    assert.match(refusal.error.message, /advertising/)
    const byRest = await (await caller(world, 'spammer'))('POST', '/messages', { recipient_id: 'bob', recipient_fullname: 'B', sender_fullname: 'S', text: 'buy' })
    assert.equal(byRest.status, 403, byRest.text)
    assert.equal(await world.engine.metric('inboxd_refusals_total', { reason: 'banned' }), 2)
    assert.equal((await deadLetters(world.engine, 'banned')).length, 0)
    assert.deepEqual(await texts(world.engine, 'spammer', 'bob'), [])
    assert.equal((await admin('DELETE', '/bans/spammer')).status, 200)
    await spammer.publish(chat21Outgoing('spammer', 'bob'), { text: 'sorry' })
    await spammer.wait(chat21Added('spammer', 'bob'))
  })
})

// --- content filters

const policy = path.join(fs.mkdtempSync('/tmp/inboxd-policy-'), 'policy.toml')
process.on('exit', () => fs.rmSync(path.dirname(policy), { recursive: true, force: true }))
const rule = (name, action, word) => `[[filter]]\nname = "${name}"\naction = "${action}"\nwords = ["${word}"]\n`
fs.writeFileSync(policy, rule('insults', 'mask', 'idiot') + rule('secret', 'reject', 'password') +
  rule('watch', 'flag', 'casino') + rule('spam', 'shadow', 'viagra'))

withWorld('content filters', { settings: { POLICY_FILE: policy } }, (scenario) => {
  scenario('mask, reject, flag and shadow', async (world) => {
    const [alice, bob] = [await world.inbox('alice'), await world.inbox('bob')]
    const say = (text) => alice.publish(chat21Outgoing('alice', 'bob'), { text, attributes: { tempUID: text.replaceAll(/\W/g, '-') } })
    for (const text of ['you IDIÓT!', 'my password', 'a casino', 'cheap viagra', 'bye']) await say(text)
    await bob.wait(chat21Added('bob', 'alice'), { matches: ({ json }) => json.text === 'bye' })
    assert.equal((await told(alice, 'my-password')).error.code, 'filtered')
    const got = bob.all(chat21Added('bob', 'alice')).map(({ json }) => json)
    assert.deepEqual(got.map(({ text }) => text), ['you *****!', 'a casino', 'bye'])
    assert.deepEqual(got[1].attributes.moderation.flags, ['watch'])
    assert.deepEqual((await texts(world.engine, 'alice', 'bob')).sort(), ['a casino', 'bye', 'cheap viagra', 'you *****!'])
    assert.deepEqual((await texts(world.engine, 'bob', 'alice')).sort(), ['a casino', 'bye', 'you *****!'])
    assert.equal(await world.engine.metric('inboxd_filter_matches_total', { rule: 'spam', action: 'shadow' }), 1)
  })

  scenario('reloading under load loses nothing, and a wrong file changes nothing', async (world) => {
    const [carol, dave] = [await world.inbox('carol'), await world.inbox('dave')]
    const rules = fs.readFileSync(policy, 'utf8')
    const count = 400
    const sent = []
    for (let i = 0; i < count; ++i) {
      sent.push(carol.publish(outgoing('carol', 'dave'), { text: `number ${i}` }))
      if (i === 100) fs.writeFileSync(policy, rules + rule('later', 'reject', 'forbidden'))
      if (i === 150) world.engine.signal('SIGHUP')
      if (i === 250) fs.writeFileSync(policy, rules + rule('later', 'reject', 'forbidden') + 'nonsense')
      if (i === 300) world.engine.signal('SIGHUP')
    }
    await Promise.all(sent)
    const got = await dave.wait(added('dave', 'carol'), { count, deadline: 60_000 })
    assert.deepEqual(got.map(({ json }) => json.text), Array.from({ length: count }, (_, i) => `number ${i}`))
    const admin = await caller(world, 'root', '--admin')
    await eventually('the mistake is shown, with its line', async () =>
      (await admin('GET', '/filters')).json.status.problems.some((problem) => /policy\.toml:\d+/.test(problem)))
    await carol.publish(outgoing('carol', 'dave'), { text: 'forbidden', attributes: { tempUID: 'F-1' } })
    assert.equal((await told(carol, 'F-1')).error.code, 'filtered', 'the last good rules are in force')
  })

  scenario('administrators’ rules, and what `inboxd policy` says of messages', async (world) => {
    const admin = await caller(world, 'root', '--admin')
    assert.equal((await (await caller(world, 'erin'))('PUT', '/filters', { filters: [] })).status, 401)
    const wrong = await admin('PUT', '/filters', { filters: [{ name: 'bad', action: 'eat', words: ['x'] }] })
    assert.equal(wrong.status, 400)
    assert.ok(wrong.json.problems.length > 0)
    const put = await admin('PUT', '/filters', { filters: [{ name: 'links', action: 'reject', allowed_links: ['example.com'], code: 'no_links', message: 'No links' }] })
    assert.equal(put.status, 200, put.text)
    const erin = await world.inbox('erin')
    await erin.publish(chat21Outgoing('erin', 'bob'), { text: 'see https://evil.test/x', attributes: { tempUID: 'L-1' } })
    assert.deepEqual((await told(erin, 'L-1')).error, { code: 'no_links', message: 'No links' })

    const good = path.join(path.dirname(policy), 'good.toml')
    fs.writeFileSync(good, rule('secret', 'reject', 'password'))
    const messages = path.join(path.dirname(policy), 'messages.jsonl')
    fs.writeFileSync(messages, '{"text":"hello"}\n{"text":"the password"}\n')
    const verdicts = await world.engine.command('policy', 'test', '--policy-file', good, '--file', messages)
    assert.equal(verdicts.code, 0, verdicts.stderr)
    assert.match(verdicts.stdout, /^1 +allow\n2 +reject +secret/)
    const check = await world.engine.command('policy', 'check', '--policy-file', policy)
    assert.notEqual(check.code, 0)
    assert.match(check.stderr, /policy\.toml:\d+/)
  })
})

// --- the policy hook, limits

const hookPort = (await output(freePort, [])).trim()
const hook = { questions: [], answer: () => ({ action: 'allow' }) }

withWorld('the policy hook and rate limits', {
  settings: {
    POLICY_HOOK_URL: `http://127.0.0.1:${hookPort}/`, POLICY_HOOK_TIMEOUT: '500 ms', POLICY_HOOK_CACHE_TTL: '0',
    BUCKET_PAIR_CAPACITY: '3', BUCKET_PAIR_REFILL_RATE_PER_MIN: '1', BUCKET_MSG_CAPACITY: '0', GROUP_SEND: 'members',
  },
}, (scenario) => {
  let server
  scenario('it may reject and replace', async (world) => {
    server = http.createServer((request, response) => {
      let body = ''
      request.on('data', (data) => { body += data })
      request.on('end', () => {
        const question = JSON.parse(body)
        hook.questions.push(question)
        const answer = hook.answer(question)
        if (answer !== 'hang') response.end(JSON.stringify(answer))
      })
    })
    await new Promise((resolve) => server.listen(Number(hookPort), '127.0.0.1', resolve))
    hook.answer = ({ message }) => message.text === 'bad' ? { action: 'reject', code: 'rude', message: 'Be kind' }
      : message.text === 'raw' ? { action: 'replace', text: 'cooked', attributes: { checked: true } } : { action: 'allow' }
    const [ann, ben] = [await world.inbox('ann'), await world.inbox('ben')]
    for (const text of ['bad', 'raw', 'plain']) await ann.publish(chat21Outgoing('ann', 'ben'), { text, attributes: { tempUID: text } })
    assert.deepEqual((await told(ann, 'bad')).error, { code: 'rude', message: 'Be kind' })
    const got = (await ben.wait(chat21Added('ben', 'ann'), { count: 2 })).map(({ json }) => json)
    assert.deepEqual(got.map(({ text }) => text), ['cooked', 'plain'])
    assert.deepEqual(got[0].attributes, { checked: true, tempUID: 'raw' })
    assert.deepEqual(hook.questions.map(({ sender, recipient }) => `${sender}>${recipient}`), Array(3).fill('ann>ben'))
  })

  scenario('one that hangs keeps nobody waiting beyond its deadline: messages pass', async (world) => {
    hook.answer = () => 'hang'
    const [cleo, dan] = [await world.inbox('cleo'), await world.inbox('dan')]
    for (const text of ['one', 'two']) await cleo.publish(chat21Outgoing('cleo', 'dan'), { text })
    const got = await dan.wait(chat21Added('dan', 'cleo'), { count: 2 })
    assert.deepEqual(got.map(({ json }) => json.text), ['one', 'two'])
    assert.ok(await world.engine.metric('inboxd_policy_hook_total', { outcome: 'timeout' }) >= 1)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  scenario('over the limit the sender is told when to try again; a resend costs nothing', async (world) => {
    const fay = await world.inbox('fay')
    for (let i = 0; i < 3; ++i) await fay.publish(chat21Outgoing('fay', 'gus'), { text: `${i}`, attributes: { tempUID: `R-${i}` } })
    await fay.publish(chat21Outgoing('fay', 'gus'), { text: '2', attributes: { tempUID: 'R-2' } })
    await fay.publish(chat21Outgoing('fay', 'gus'), { text: '3', attributes: { tempUID: 'R-3' } })
    const { error } = await told(fay, 'R-3')
    assert.equal(error.code, 'rate_limited')
    assert.ok(error.retry_after > 0 && error.retry_after <= 60, JSON.stringify(error))
    assert.equal((await timeline(world.engine, 'fay', 'gus')).length, 3)
    const byRest = await (await caller(world, 'fay'))('POST', '/messages', { recipient_id: 'gus', recipient_fullname: 'G', sender_fullname: 'F', text: 'more' })
    assert.equal(byRest.status, 429, byRest.text)
    assert.ok(Number(byRest.headers.get('retry-after')) > 0)
  })

  scenario('only members may send to a group', async (world) => {
    const [ida, joe] = [await world.inbox('ida'), await world.inbox('joe')]
    const created = await (await caller(world, 'ida'))('POST', '/groups', { group_name: 'G', group_id: 'group-m', group_members: { kit: 1 } })
    assert.equal(created.status, 201, created.text)
    await joe.publish(chat21Outgoing('joe', 'group-m'), { text: 'hi', channel_type: 'group', attributes: { tempUID: 'G-1' } })
    assert.equal((await told(joe, 'G-1')).error.code, 'not_member')
    await ida.publish(chat21Outgoing('ida', 'group-m'), { text: 'welcome', channel_type: 'group' })
    await ida.wait(chat21Added('ida', 'group-m'), { matches: ({ json }) => json.text === 'welcome' })
  })
})
