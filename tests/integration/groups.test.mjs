// Groups: stored, inline and unknown; who gets a copy, and under which name.
import assert from 'node:assert/strict'
import { timeline } from './support/store.mjs'
import { eventually } from './support/wait.mjs'
import { added, chat21Added, chat21Outgoing, outgoing, withWorld } from './support/world.mjs'

const slice = 4 // members beyond which a group is served by a job
const members = (...ids) => Object.fromEntries(ids.map((id) => [id, 1]))

withWorld('groups', { settings: { FANOUT_SLICE: String(slice) } }, (scenario) => {
  let backend
  const update = (uid, ids, notify = ids, extra = {}) =>
    backend.publish('apps.observer.tilechat.groups.update', {
      group: { uid, appId: 'tilechat', name: uid, owner: ids[0], members: members(...ids), attributes: {}, createdOn: 1, updatedOn: 2, ...extra },
      notify_to: members(...notify),
    })

  scenario('an update is stored, and published whole to everybody in notify_to', async (world) => {
    backend = await world.amqp()
    const alice = await world.inbox('alice')
    const gone = await world.inbox('gone')
    await update('group-one', ['alice', 'bob', 'carol'], ['alice', 'bob', 'carol', 'gone'], { notification: { messagelabel: { key: 'X' } } })
    for (const [client, user] of [[alice, 'alice'], [gone, 'gone']]) {
      const { json } = await client.wait(`apps/tilechat/users/${user}/groups/group-one/clientupdated`)
      assert.equal(json.uid, 'group-one')
      assert.deepEqual(json.members, members('alice', 'bob', 'carol'))
    }
    const [group] = (await world.engine.dump('groups')).filter((row) => JSON.stringify(row).includes('group-one'))
    assert.ok(!JSON.stringify(group).includes('messagelabel'), 'its notification is not stored')
  })

  scenario('a stored group: each member’s copy has status 150 and the group as peer; the group has a timeline', async (world) => {
    const inboxes = await Promise.all(['alice', 'bob', 'carol'].map((user) => world.inbox(user)))
    await inboxes[0].publish(chat21Outgoing('alice', 'group-one'), { text: 'hi all', channel_type: 'group' })
    for (const [n, user] of ['alice', 'bob', 'carol'].entries()) {
      for (const topic of [added(user, 'group-one'), chat21Added(user, 'group-one')]) {
        const { json } = await inboxes[n].wait(topic)
        assert.deepEqual([json.status, json.sender, json.recipient], [150, 'alice', 'group-one'])
      }
      assert.deepEqual((await timeline(world.engine, user, 'group-one')).map((row) => row.status), [150])
    }
    assert.deepEqual((await timeline(world.engine, 'group-one', 'group-one')).map((row) => row.status), [100])
    const stored = (await world.engine.dump('messages')).filter((row) => JSON.stringify(row).includes('hi all'))
    assert.equal(stored.length, 1, 'the body is stored once')
  })

  scenario('the path layout sends to groups too', async (world) => {
    const alice = await world.mqtt('alice')
    const bob = await world.inbox('bob')
    await alice.publish(outgoing('alice', 'group-one'), { text: 'by path' })
    assert.equal((await bob.wait(added('bob', 'group-one'))).json.text, 'by path')
  })

  scenario('a sender who is not a member gets no copy', async (world) => {
    const bot = await world.inbox('bot')
    const bob = await world.inbox('bob')
    await bot.publish(chat21Outgoing('bot', 'group-one'), { text: 'from outside', channel_type: 'group' })
    await bob.wait(chat21Added('bob', 'group-one'))
    await bot.publish(chat21Outgoing('bot', 'bob'), { text: 'marker' })
    await bot.wait(chat21Added('bot', 'bob'))
    assert.equal(bot.all(chat21Added('bot', 'group-one')).length, 0)
    assert.deepEqual(await timeline(world.engine, 'bot', 'group-one'), [])
  })

  for (const name of ['hiddenFor', 'privateFor']) {
    scenario(`${name}: those members get no copy, all the others do`, async (world) => {
      const inboxes = Object.fromEntries(await Promise.all(
        ['alice', 'bob', 'carol'].map(async (user) => [user, await world.inbox(user)])))
      const send = (text, hidden) => inboxes.alice.publish(chat21Outgoing('alice', 'group-one'),
        { text, channel_type: 'group', attributes: { [name]: hidden } })
      await send('not for bob', 'bob')
      await send('for alice alone', ['bob', 'carol'])
      await send('for all', [])
      const seen = async (user) => {
        await inboxes[user].wait(chat21Added(user, 'group-one'), { matches: ({ json }) => json.text === 'for all' })
        return inboxes[user].all(chat21Added(user, 'group-one')).map(({ json }) => json.text)
      }
      assert.deepEqual(await seen('alice'), ['not for bob', 'for alice alone', 'for all'])
      assert.deepEqual(await seen('bob'), ['for all'])
      assert.deepEqual(await seen('carol'), ['not for bob', 'for all'])
    })
  }

  scenario('an inline group is used as it is for that message, with sender and group added', async (world) => {
    const dave = await world.inbox('dave')
    const erin = await world.inbox('erin')
    await dave.publish(chat21Outgoing('dave', 'group-inline'), { text: 'inline', channel_type: 'group', group: { members: members('erin') } })
    assert.equal((await erin.wait(chat21Added('erin', 'group-inline'))).json.status, 150)
    assert.equal((await dave.wait(chat21Added('dave', 'group-inline'))).json.status, 150)
    assert.deepEqual((await timeline(world.engine, 'group-inline', 'group-inline')).map((row) => row.status), [100])
  })

  scenario('a group that nobody knows: the sender and the group’s timeline get it', async (world) => {
    const frank = await world.inbox('frank')
    await frank.publish(chat21Outgoing('frank', 'support-group-unknown'), { text: 'anybody?' })
    assert.equal((await frank.wait(chat21Added('frank', 'support-group-unknown'))).json.status, 150)
    assert.equal((await timeline(world.engine, 'support-group-unknown', 'support-group-unknown')).length, 1)
  })

  scenario('a later update changes who gets the next message', async (world) => {
    const [alice, bob, gina] = await Promise.all(['alice', 'bob', 'gina'].map((user) => world.inbox(user)))
    await update('group-one', ['alice', 'gina'])
    await gina.wait('groups/group-one/clientupdated')
    await alice.publish(chat21Outgoing('alice', 'group-one'), { text: 'new circle' })
    assert.equal((await gina.wait(chat21Added('gina', 'group-one'))).json.text, 'new circle')
    await alice.publish(chat21Outgoing('alice', 'bob'), { text: 'marker' })
    await bob.wait(chat21Added('bob', 'alice'))
    assert.equal(bob.all(chat21Added('bob', 'group-one')).length, 0)
  })

  scenario('a group larger than a slice: everybody gets everything, in order', async (world) => {
    const many = Array.from({ length: 5 * slice + 3 }, (_, n) => `m${n}`)
    const heard = await backend.listen('apps.tilechat.users.*.messages.group-large.clientadded')
    await update('group-large', ['alice', ...many])
    const alice = await world.mqtt('alice')
    for (const text of ['1', '2', '3']) await alice.publish(chat21Outgoing('alice', 'group-large'), { text })
    await heard.wait('copies', () => true, { count: 3 * (many.length + 1) })
    for (const user of many) {
      const mine = heard.items.filter(({ key }) => key.includes(`.users.${user}.`))
      assert.deepEqual(mine.map(({ json }) => json.text), ['1', '2', '3'], user)
      assert.equal((await timeline(world.engine, user, 'group-large')).length, 3)
    }
    await eventually('all jobs are done', async () => (await world.engine.dump('jobs')).length === 0)
  })
})
