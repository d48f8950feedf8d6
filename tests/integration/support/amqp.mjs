// An AMQP client, amqplib's, for what back ends do and for what users must not.
import amqplib from 'amqplib'
import { Collected, within } from './wait.mjs'

export class AmqpClient {
  static async connect({ port, token, user = 'backend', vhost = '/' }) {
    const client = new AmqpClient()
    client.connection = await within('AMQP login', amqplib.connect(
      { protocol: 'amqp', hostname: '127.0.0.1', port, username: user, password: token, vhost }))
    client.connection.on('error', () => {})
    return client
  }

  // Runs `act` on a channel of its own, which a refusal of the broker closes: then it rejects with the broker's words.
  async onChannel(act, { confirm = false } = {}) {
    const channel = await (confirm ? this.connection.createConfirmChannel() : this.connection.createChannel())
    let failed
    const refused = new Promise((_, reject) => { failed = reject })
    refused.catch(() => {})
    channel.on('error', failed)
    // For some calls amqplib rejects with the broker's frame instead of an error.
    const acted = act(channel).catch((error) => { throw error instanceof Error ? error : new Error(error.fields?.replyText) })
    const result = await within('the broker’s answer', Promise.race([acted, refused]))
    await Promise.race([channel.close(), refused])
    return result
  }

  // Rejects unless the broker took it.
  publish(key, payload, { exchange = 'amq.topic', ...options } = {}) {
    const body = Buffer.isBuffer(payload) ? payload : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload))
    return this.onChannel((channel) => new Promise((resolve, reject) => {
      channel.publish(exchange, key, body, { persistent: true, ...options }, (error) => error ? reject(error) : resolve())
    }), { confirm: true })
  }

  // What amq.topic carries under these keys from now on: { key, json, properties }.
  async listen(...keys) {
    const heard = new Collected()
    const channel = await this.connection.createChannel()
    const { queue } = await channel.assertQueue('', { exclusive: true })
    for (const key of keys) await channel.bindQueue(queue, 'amq.topic', key)
    await channel.consume(queue, ({ fields, properties, content }) => {
      heard.add({ key: fields.routingKey, text: content.toString(), json: JSON.parse(content.toString()), properties })
    }, { noAck: true })
    return heard
  }

  queueDepth(name) {
    return this.onChannel(async (channel) => (await channel.checkQueue(name)).messageCount)
  }

  async end() {
    await this.connection.close()
  }
}
