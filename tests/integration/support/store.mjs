// What the store holds, in the words of these tests.

// One conversation of one owner, oldest first: [{ message_id, status, timestamp }].
export async function timeline(engine, owner, peer) {
  return (await engine.dump('timelines')).filter((row) => row.owner === owner && row.peer === peer)
    .map((row) => ({ message_id: row.message, status: row.status, timestamp: row.timestamp }))
    .sort((a, b) => a.timestamp - b.timestamp || (a.message_id < b.message_id ? -1 : 1))
}

// What the messages of one conversation say, in its order.
export async function texts(engine, owner, peer) {
  const said = new Map((await engine.dump('messages')).map((row) => [row.id ?? row.message, row.body.text]))
  return (await timeline(engine, owner, peer)).map(({ message_id }) => said.get(message_id))
}

// The bodies of all messages that the store holds.
export async function bodies(engine) {
  return (await engine.dump('messages')).map((row) => row.body)
}

export async function conversation(engine, owner, peer) {
  return (await engine.dump('conversations')).find((row) => row.owner === owner && row.peer === peer)
}

export async function deadLetters(engine, reason) {
  return (await engine.dump('dead-letters')).filter((row) => row.reason === reason)
}
