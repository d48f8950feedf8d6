// Numbered messages from several senders to several recipients at a steady rate, and the account of what became of them.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../integration/support/wait.mjs'
import { added, outgoing } from '../integration/support/world.mjs'

// A small generator, so that a run can be repeated from its seed (mulberry32).
export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function seed() {
  const value = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 32))
  console.log(`TEST_SEED=${value}`)
  return value
}

const letters = 'abcdefgh'

export class Traffic {
  published = 0
  acknowledged = 0
  #senders = []
  #recipients
  #sequence = new Map() // "sender>recipient" → how many
  #ids = new Map() // text → the ids under which the recipient saw it
  #echoed = new Map() // text → the ids under which the sender saw it
  #arrivals = new Map() // "sender>recipient" → sequence numbers in the order of first arrival
  #going = false

  // `label` is part of every name. `tempUid(n)`: whether the n-th message carries one. `session`: options of every
  // client's connection. `most`: messages without an answer, at a time. `client(name, how)`: what
  // connects one.
  constructor(world, { label, senders = 2, recipients = 2, tempUid = () => true, session = () => ({}), most = 5000, client }) {
    this.most = most
    this.client = client ?? ((name, how) => world.mqtt(name, how))
    const names = (role, count) => Array.from({ length: count }, (_, n) => `${label}-${role}-${letters[n]}`)
    this.names = { senders: names('sender', senders), recipients: names('recipient', recipients) }
    this.tempUid = tempUid
    this.session = session
  }

  async connect() {
    for (const name of this.names.recipients) {
      const client = await this.client(name, { ...this.session(name), onMessage: (message) => this.#arrived(message.json) })
      for (const sender of this.names.senders) await client.subscribe(added(name, sender))
    }
    for (const name of this.names.senders) {
      const client = await this.client(name, { ...this.session(name), onMessage: ({ json }) => note(this.#echoed, json) })
      for (const recipient of this.names.recipients) await client.subscribe(added(name, recipient))
      this.#senders.push(client)
    }
  }

  #arrived(json) {
    if (note(this.#ids, json)) return
    const [pair, sequence] = json.text.split('#')
    if (!this.#arrivals.has(pair)) this.#arrivals.set(pair, [])
    this.#arrivals.get(pair).push(Number(sequence))
  }

  #publishOne() {
    const n = this.published++
    const from = n % this.#senders.length
    const to = Math.floor(n / this.#senders.length) % this.names.recipients.length
    const [sender, recipient] = [this.names.senders[from], this.names.recipients[to]]
    const pair = `${sender}>${recipient}`
    const sequence = this.#sequence.get(pair) ?? 0
    this.#sequence.set(pair, sequence + 1)
    const message = { text: `${pair}#${sequence}`, type: 'text', ...(this.tempUid(n) ? { attributes: { tempUID: randomUUID() } } : {}) }
    this.#senders[from].publishDurably(outgoing(sender, recipient), JSON.stringify(message), () => { ++this.acknowledged })
  }

  // Publishes `rate` messages a second until the promise that `during` returns is settled. What the broker has not yet
  // acknowledged is bounded, as a client's own queue would be.
  async run(rate, during) {
    const tick = 20 // ms
    this.#going = true
    const start = Date.now()
    const before = this.published
    const publisher = (async () => {
      while (this.#going) {
        const due = before + Math.floor(((Date.now() - start) * rate) / 1000)
        while (this.published < due && this.published - this.acknowledged < this.most) this.#publishOne()
        await pause(tick) // the pace of the load, not a wait for anything
      }
    })()
    try {
      await during()
    } finally {
      this.#going = false
      await publisher
    }
    const seconds = (Date.now() - start) / 1000
    console.log(`published ${this.published - before} messages in ${seconds.toFixed(1)} s`)
  }

  // Every message that the broker took arrived, and its sender was told.
  async settle(deadline = 60_000) {
    await eventually('every message is acknowledged by the broker', () => this.acknowledged === this.published, deadline)
      .catch((error) => { error.message += `: ${this.acknowledged} of ${this.published}`; throw error })
    await eventually('every message has arrived', () => this.#ids.size === this.published, deadline)
      .catch((error) => { error.message += `: ${this.#ids.size} of ${this.published}`; throw error })
    await eventually('every sender was told', () => this.#echoed.size === this.published, deadline)
      .catch((error) => { error.message += `: ${this.#echoed.size} of ${this.published}`; throw error })
  }

  // Each message is stored once, in each of its two timelines once, and was seen under that one id alone.
  async assertOnce(engine) {
    const stored = new Map()
    for (const row of await engine.dump('messages')) {
      const body = row.body
      if (!this.names.senders.includes(body.sender)) continue
      assert.ok(!stored.has(body.text), `${body.text} is stored twice`)
      stored.set(body.text, body.message_id)
    }
    assert.equal(stored.size, this.published)
    const rows = new Map()
    for (const row of await engine.dump('timelines')) rows.set(row.message, [...(rows.get(row.message) ?? []), row.owner])
    let repeats = 0
    for (const [text, id] of stored) {
      const [sender, recipient] = text.split('#')[0].split('>')
      assert.deepEqual([...this.#ids.get(text).keys()], [id], `ids under which ${text} arrived`)
      assert.deepEqual([...this.#echoed.get(text).keys()], [id], `ids under which the sender saw ${text}`)
      assert.deepEqual(rows.get(id).sort(), [recipient, sender].sort(), `timelines of ${text}`)
      repeats += this.#ids.get(text).get(id) - 1
    }
    console.log(`${stored.size} messages stored once; ${repeats} arrived more than once, under the same id`)
  }

  assertOrder() {
    for (const [pair, sequences] of this.#arrivals) {
      const out = sequences.findIndex((sequence, n) => sequence !== n)
      assert.equal(out, -1, `${pair}: number ${sequences[out]} first arrived at place ${out}`)
    }
  }
}

// Counts an arrival; whether the text had arrived before.
function note(map, { text, message_id }) {
  const known = map.get(text)
  if (!known) map.set(text, new Map([[message_id, 1]]))
  else known.set(message_id, (known.get(message_id) ?? 0) + 1)
  return known !== undefined
}
