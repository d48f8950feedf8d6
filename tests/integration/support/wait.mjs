// Waiting for conditions, each with a deadline. Nothing in these tests waits for time to pass.
import { setTimeout as pause } from 'node:timers/promises'

export const soon = 15_000 // ms: the deadline of what takes milliseconds on an idle machine

// The first truthy value of `probe`, which is asked again and again. What it throws counts as "not yet".
export async function eventually(what, probe, deadline = soon) {
  const end = Date.now() + deadline
  let last
  for (;;) {
    try {
      const value = await probe()
      if (value) return value
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() > end) {
      throw new Error(`not within ${deadline} ms: ${what}${last ? ` (${last.message})` : ''}`, { cause: last })
    }
    await pause(20)
  }
}

// `promise`, or an error once the deadline has passed.
export async function within(what, promise, deadline = soon) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${deadline} ms: ${what}`)), deadline)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

// What all kinds of MQTT clients have in common: the messages that came.
export class Listener {
  received = new Collected() // { topic, text, json, packet }

  // Messages whose topic ends so, `count` of them.
  async wait(ending, { count = 1, matches = () => true, deadline } = {}) {
    const list = await this.received.wait(`message on …${ending}`,
      (message) => message.topic.endsWith(ending) && matches(message), { count, deadline })
    return count === 1 ? list[0] : list
  }

  all(ending) {
    return this.received.items.filter((message) => message.topic.endsWith(ending))
  }
}

// Things that arrive, in order, and a way to wait for those that one wants.
export class Collected {
  items = []
  #waiting = new Set()

  add(item) {
    this.items.push(item)
    for (const check of this.#waiting) check()
  }

  // The first `count` items that match, as soon as there are so many.
  async wait(what, matches, { count = 1, deadline = soon } = {}) {
    let check
    const found = new Promise((resolve) => {
      check = () => {
        const list = this.items.filter(matches)
        if (list.length >= count) resolve(list.slice(0, count))
      }
    })
    this.#waiting.add(check)
    check()
    try {
      return await within(`${count} × ${what}`, found, deadline)
    } catch (error) {
      error.message += `; there are ${this.items.filter(matches).length} of it among ${this.items.length}`
      throw error
    } finally {
      this.#waiting.delete(check)
    }
  }
}
