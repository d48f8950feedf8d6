// Receipts, conversations and archive through a real broker, by clients as the web apps are (PROTOCOL 5 and 6).
import assert from 'node:assert/strict'
import { conversation, deadLetters, timeline } from './support/store.mjs'
import { eventually } from './support/wait.mjs'
import { chat21Added, chat21Outgoing, outgoing, prefix, withWorld } from './support/world.mjs'

const user = (id, rest) => `apps/tilechat/users/${id}/${rest}`

withWorld('receipts, conversations, archive', {}, (scenario) => {
  scenario('a receipt by the message’s id: the sender sees his tick, on both of his devices', async (world) => {
    const phone = await world.inbox('alice')
    const laptop = await world.inbox('alice')
    const bob = await world.inbox('bob')
    await phone.publish(chat21Outgoing('alice', 'bob'), { text: 'one' })
    const { message_id } = (await bob.wait(chat21Added('bob', 'alice'))).json
    await bob.publish(user('bob', `messages/alice/${message_id}/update`), { status: 200 })
    const told = { timelineOf: 'alice', message_id, status: 250 }
    for (const device of [phone, laptop]) {
      assert.deepEqual((await device.wait(user('alice', `messages/bob/${message_id}/clientupdated`))).json, told)
      assert.deepEqual((await device.wait(`${prefix}/alice/bob/messages/${message_id}/clientupdated`)).json, told)
    }
    await eventually('both rows', async () => (await timeline(world.engine, 'alice', 'bob'))[0].status === 250 &&
      (await timeline(world.engine, 'bob', 'alice'))[0].status === 200)
  })

  scenario('a receipt by the tempUID finds the real row, and is told under both ids', async (world) => {
    const carol = await world.inbox('carol')
    const dave = await world.inbox('dave')
    await carol.publish(chat21Outgoing('carol', 'dave'), { text: 'one', attributes: { tempUID: 'T-7' } })
    const { message_id } = (await dave.wait(chat21Added('dave', 'carol'))).json
    await dave.publish(user('dave', 'messages/carol/T-7/update'), { status: 200 })
    const byTempUid = await carol.wait(user('carol', 'messages/dave/T-7/clientupdated'))
    assert.deepEqual(byTempUid.json, { timelineOf: 'carol', message_id: 'T-7', status: 250 })
    const byId = await carol.wait(user('carol', `messages/dave/${message_id}/clientupdated`))
    assert.deepEqual(byId.json, { timelineOf: 'carol', message_id, status: 250 })
    assert.equal((await timeline(world.engine, 'carol', 'dave')).length, 1, 'no orphan row')
  })

  scenario('by the path layout, and seen', async (world) => {
    const erin = await world.inbox('erin')
    const frank = await world.inbox('frank')
    await erin.publish(outgoing('erin', 'frank'), { text: 'one' })
    const { message_id } = (await frank.wait('/clientadded')).json
    await frank.publish(`${prefix}/frank/erin/messages/${message_id}/update`, { status: 300 })
    const seen = await erin.wait(`${prefix}/erin/frank/messages/${message_id}/clientupdated`)
    assert.equal(seen.json.status, 300)
  })

  scenario('in a group each member’s receipt reaches the sender, who sees whose it is', async (world) => {
    const [gina, hank, ivy] = await Promise.all(['gina', 'hank', 'ivy'].map((id) => world.inbox(id)))
    await gina.publish(chat21Outgoing('gina', 'group-r'),
      { text: 'all', channel_type: 'group', group: { members: { hank: 1, ivy: 1 } } })
    const { message_id } = (await hank.wait(chat21Added('hank', 'group-r'))).json
    await ivy.wait(chat21Added('ivy', 'group-r'))
    await hank.publish(user('hank', `messages/group-r/${message_id}/update`), { status: 200 })
    await ivy.publish(user('ivy', `messages/group-r/${message_id}/update`), { status: 200 })
    const told = await gina.wait(`messages/group-r/${message_id}/clientupdated`,
      { count: 2, matches: ({ topic }) => topic.startsWith('apps/') })
    assert.deepEqual(told.map(({ json }) => json.by).sort(), ['hank', 'ivy'])
    const row = (await world.engine.dump('timelines')).find((r) => r.owner === 'gina' && r.peer === 'group-r')
    assert.equal(row.received, 2)
  })

  scenario('a receipt for what one never received is refused, and creates nothing', async (world) => {
    const alice = await world.inbox('alice')
    await alice.publish(chat21Outgoing('alice', 'bob'), { text: 'private' })
    const { message_id } = (await alice.wait(chat21Added('alice', 'bob'), { matches: ({ json }) => json.text === 'private' })).json
    const mallory = await world.inbox('mallory')
    await mallory.publish(user('mallory', `messages/alice/${message_id}/update`), { status: 200 })
    await eventually('a dead letter', async () => (await deadLetters(world.engine, 'not_found')).length === 1)
    assert.deepEqual(await timeline(world.engine, 'mallory', 'alice'), [])
  })

  scenario('reading a conversation is told to the owner’s other device', async (world) => {
    const phone = await world.inbox('kim')
    const laptop = await world.inbox('kim')
    const lee = await world.inbox('lee')
    await lee.publish(chat21Outgoing('lee', 'kim'), { text: 'news' })
    await phone.wait(chat21Added('kim', 'lee'))
    assert.equal((await conversation(world.engine, 'kim', 'lee')).unread, 1)
    await phone.publish(user('kim', 'conversations/lee/update'), { is_new: false })
    const { json } = await laptop.wait(user('kim', 'conversations/lee/clientupdated'))
    assert.deepEqual(json, { is_new: false, timelineOf: 'kim', conversWith: 'lee' })
    const row = await conversation(world.engine, 'kim', 'lee')
    assert.deepEqual([row.is_new, row.unread], [false, 0])
  })

  scenario('a patch of another’s identity is refused', async (world) => {
    const kim = await world.inbox('kim')
    await kim.publish(user('kim', 'conversations/lee/update'), { conversWith: 'somebody' })
    await eventually('a dead letter', async () => (await deadLetters(world.engine, 'bad_field')).length === 1)
  })

  scenario('archive, and a new message brings it back', async (world) => {
    const mia = await world.inbox('mia')
    const noa = await world.inbox('noa')
    await noa.publish(chat21Outgoing('noa', 'mia'), { text: 'before' })
    await mia.wait(chat21Added('mia', 'noa'))
    await mia.publish(user('mia', 'conversations/noa/archive'), {})
    const deleted = (await mia.wait(user('mia', 'conversations/noa/clientdeleted'))).json
    const archived = (await mia.wait(user('mia', 'archived_conversations/noa/clientadded'))).json
    assert.deepEqual(deleted, archived)
    assert.deepEqual([deleted.archived, deleted.conversWith, deleted.timelineOf, deleted.last_message_text],
      [true, 'noa', 'mia', 'before'])
    assert.equal((await conversation(world.engine, 'mia', 'noa')).archived, true)
    await noa.publish(chat21Outgoing('noa', 'mia'), { text: 'after' })
    await mia.wait(chat21Added('mia', 'noa'), { matches: ({ json }) => json.text === 'after' })
    assert.equal((await conversation(world.engine, 'mia', 'noa')).archived, false)
  })
})
