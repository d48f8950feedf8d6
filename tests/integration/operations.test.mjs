// What an operator sees and does: health, metrics, standby, stopping, and the subcommands.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { randomUUID } from 'node:crypto'
import { Engine } from './support/engine.mjs'
import { freePort, inboxd } from './support/paths.mjs'
import { output, run, Running } from './support/processes.mjs'
import { eventually } from './support/wait.mjs'
import { bodies } from './support/store.mjs'
import { added, embedded, outgoing, withWorld } from './support/world.mjs'

const text = `secret words ${randomUUID()}` // what nobody but the recipient may read

withWorld('operations', {}, (scenario) => {
  const others = []
  // With ports of its own where it is a broker itself.
  const another = async (world, settings, dir) => {
    const ports = embedded ? { MQTT_PORT: (await output(freePort, [])).trim(), MQTT_WS_PORT: '0' } : {}
    const engine = await Engine.create(world.broker, { ...ports, ...settings }, dir)
    others.push(engine)
    return engine
  }

  scenario('alive and ready, and it says so to machines', async (world) => {
    assert.equal((await world.engine.get('/health/live')).status, 200)
    assert.equal((await world.engine.get('/health/ready')).status, 200)
    assert.equal((await world.engine.get('/nothing/here')).status, 404)
    assert.equal(await world.engine.metric('inboxd_ready'), 1)
    assert.equal(await world.engine.metric('inboxd_link_state', { state: 'up' }), 1)
  })

  scenario('metrics count by outcome and by stage, and name no user and no topic', async (world) => {
    const mona = await world.inbox('mona')
    await mona.publish(outgoing('mona', 'nora'), { text })
    await mona.wait(added('mona', 'nora'))
    assert.ok(await world.engine.metric('inboxd_deliveries_total', { outcome: 'delivered' }) >= 1)
    assert.ok(await world.engine.metric('inboxd_publications_total') >= 4)
    for (const stage of ['decide', 'commit', 'publish', 'acknowledge']) {
      await eventually(`a time for ${stage}`, async () =>
        (await world.engine.metric('inboxd_stage_duration_seconds_count', { stage })) >= 1)
    }
    for (const queue of ['waiting', 'in_flight', 'fanout_jobs']) {
      assert.equal(await world.engine.metric('inboxd_queue_depth', { queue }), 0)
    }
    const page = (await world.engine.get('/metrics')).text
    assert.ok(!/mona|nora|tilechat/.test(page))
  })

  scenario('METRICS_PORT serves metrics alone', async (world) => {
    const engine = await another(world, { METRICS_PORT: (await output(freePort, [])).trim() }, 'data-metrics')
    engine.launch()
    const base = `http://127.0.0.1:${engine.env.METRICS_PORT}`
    await eventually('the metrics port', async () => (await fetch(`${base}/metrics`)).status === 200)
    assert.equal((await fetch(`${base}/health/live`)).status, 404)
    await engine.stop()
  })

  scenario('send and watch: the main job in a terminal', async (world) => {
    const watch = new Running(inboxd, ['watch', '--as', 'bob'], { env: world.env })
    const say = async (words) => {
      const { code, stderr } = await world.engine.command('send', '--as', 'alice', '--to', 'bob', words)
      assert.equal(code, 0, stderr)
    }
    // Its subscription is not announced, so the first words are said until they are heard.
    await eventually('watch shows what was sent', async () => {
      await say('hello from the terminal')
      return watch.text.includes('hello from the terminal')
    })
    assert.match(watch.text, /alice/)
    const { code } = await watch.end('SIGINT')
    assert.ok(code === 0 || code === 130, `watch ended with ${code}`)
  })

  scenario('check says yes when all is well, and no, and why, when it is not', async (world) => {
    const busy = await world.engine.command('check')
    assert.match(busy.stdout + busy.stderr, /lock|own|another|use/i, 'the store belongs to the engine that runs')
    const other = await another(world, {}, 'data-check')
    const good = await other.command('check')
    assert.equal(good.code, 0, good.stdout + good.stderr)
    if (embedded) {
      const twice = await run(inboxd, ['check'], { env: { ...other.env, MQTT_WS_PORT: other.env.HTTP_PORT } })
      assert.notEqual(twice.code, 0, 'two settings name one port')
      assert.match(twice.stdout, /MQTT_WS_PORT.*in use/i)
    }
    Object.assign(other.env, embedded ? { MQTT_PORT: String(world.broker.mqttPort) } : { RABBITMQ_PORT: '1' })
    const bad = await other.command('check')
    assert.notEqual(bad.code, 0)
    assert.match(bad.stdout + bad.stderr, embedded ? /in use/i : /refused|unreachable|connect/i)
  })

  scenario.ofRabbitMQ('RABBITMQ_URI with a token in the password’s place is taken, and wins over host and port', async (world) => {
    const other = await another(world, {
      RABBITMQ_URI: `amqp://ignored:${world.serviceToken()}@127.0.0.1:${world.broker.amqpPort}?heartbeat=60`, RABBITMQ_PORT: '1',
    }, 'data-uri')
    const { code, stdout, stderr } = await other.command('check')
    assert.equal(code, 0, stdout + stderr)
    assert.ok(!(stdout + stderr).includes('eyJ'), 'the token is not shown')
  })

  scenario('a bad setting is refused by name, before anything starts', async (world) => {
    for (const [name, value] of [['PREFETCH_MESSAGES', 'many'], ['HTTP_PORT', '99999'], ['LOG_LEVEL', 'loud'],
      ['TOPIC_LAYOUTS', 'paths'], ['ACTIVE_QUEUES', 'messages'], ['PATH_PREFIX', 'apps/tilechat/users/x'], ['MONGODB_URI', 'mongodb://x']]) {
      const { code, stdout, stderr } = await run(inboxd, ['serve'], { env: { ...world.env, [name]: value } })
      assert.notEqual(code, 0, name)
      assert.ok((stdout + stderr).includes(name), `${name} in: ${stderr}`)
    }
  })

  scenario('LOG_LEVEL is taken in any case', async (world) => {
    const engine = await another(world, { LOG_LEVEL: 'VERBOSE' }, 'data-level')
    engine.launch()
    await eventually('it is alive', async () => (await engine.get('/health/live')).status === 200)
    await engine.stop()
  })

  scenario('the reference of settings names them all', async (world) => {
    const { code, stdout } = await world.engine.command('config')
    assert.equal(code, 0)
    for (const name of ['RABBITMQ_HOST', 'RABBITMQ_PORT', 'RABBITMQ_VHOST', 'RABBITMQ_USER', 'RABBITMQ_PASSWORD', 'JWT_SECRET',
      'PATH_PREFIX', 'LOG_LEVEL', 'RABBITMQ_URI']) assert.ok(stdout.includes(name), name)
  })

  scenario.ofRabbitMQ('a second instance stands by, not ready, says why, and takes over', async (world) => {
    const second = await another(world, {}, 'data-second')
    second.launch()
    await eventually('it stands by', async () => (await second.get('/health/ready')).text.match(/standby|stands by/i))
    assert.equal((await second.get('/health/ready')).status, 503)
    assert.equal((await second.get('/health/live')).status, 200)
    await world.engine.stop()
    await second.ready()
    const alice = await world.inbox('alice')
    await alice.publish(outgoing('alice', 'second'), { text: 'who is there?' })
    await alice.wait(added('alice', 'second'))
    await second.stop()
    await world.engine.start()
  })

  scenario('a second instance on the same store stands by too, and takes over with the history', async (world) => {
    // On the embedded broker its ports come with the store.
    const ports = embedded ? { MQTT_PORT: String(world.broker.mqttPort), MQTT_WS_PORT: String(world.broker.webPort) } : {}
    const second = await another(world, ports, 'data')
    second.launch()
    await eventually('it stands by', async () => (await second.get('/health/ready')).status === 503)
    const why = (await second.get('/health/ready')).text
    assert.match(why, /lock|store|another/i)
    await world.engine.kill()
    await second.ready()
    assert.ok((await bodies(second)).some((body) => body.text === text), 'the history is there')
    await second.stop()
    await world.engine.start()
  })

  scenario.ofRabbitMQ('not ready while the broker is away, and ready again after', async (world) => {
    await world.broker.stop()
    await world.engine.ready(false)
    assert.equal((await world.engine.get('/health/live')).status, 200)
    assert.equal(await world.engine.metric('inboxd_ready'), 0)
    await world.broker.start()
    await world.engine.ready()
    const alice = await world.inbox('alice')
    await alice.publish(outgoing('alice', 'after'), { text: 'back again' })
    await alice.wait(added('alice', 'after'))
  })

  scenario.ofRabbitMQ('its own login is renewed before the token ends, and nothing is lost or doubled', async (world) => {
    await world.engine.stop()
    world.engine.env.SERVICE_TOKEN_TTL = '10 s'
    await world.engine.start()
    const connections = () => world.engine.log.split('broker connected').length
    const [first, quinn] = [connections(), await world.inbox('quinn')]
    let sent = 0
    while (connections() < first + 2) {
      await quinn.publish(outgoing('quinn', 'rita'), { text: `renewed ${sent}` })
      await quinn.wait(added('quinn', 'rita'), { count: ++sent })
    }
    assert.equal((await bodies(world.engine)).filter((body) => body.text?.startsWith('renewed ')).length, sent)
    await world.engine.stop()
    delete world.engine.env.SERVICE_TOKEN_TTL
    await world.engine.start()
  })

  scenario.ofRabbitMQ('SIGTERM: what was taken is finished, nothing is left half done', async (world) => {
    const sender = await world.mqtt('oscar')
    const count = 2000
    const sent = Array.from({ length: count }, (_, n) => sender.publish(outgoing('oscar', 'peter'), { text: `drain ${n}` }))
    await Promise.all(sent.slice(0, count / 4))
    const { code } = await world.engine.stop()
    assert.equal(code, 0)
    await Promise.all(sent)
    const backend = await world.amqp()
    const stored = (await bodies(world.engine)).filter((body) => body.text?.startsWith('drain ')).length
    // What the broker kept is exactly what was not stored: nothing was taken and dropped, nothing stored and left.
    await eventually('the broker has the rest', async () => (await backend.queueDepth('messages')) === count - stored)
    await world.engine.start()
    await eventually('all of it is stored', async () =>
      (await bodies(world.engine)).filter((body) => body.text?.startsWith('drain ')).length === count)
  })

  scenario('SIGINT twice stops it at once', async (world) => {
    world.engine.signal('SIGINT')
    world.engine.signal('SIGINT')
    await world.engine.end(5_000)
    await world.engine.start()
  })

  scenario('nothing that was logged or passed as an argument is a secret, a token or a message', async (world) => {
    const args = fs.readFileSync(`/proc/${world.engine.pid}/cmdline`, 'utf8')
    const all = [world.engine.log, ...others.map((engine) => engine.log), args].join('\n')
    assert.ok(all.length > 1000, 'there is a log to read')
    assert.ok(!all.includes(world.broker.secret), 'the secret')
    assert.ok(!/eyJ[\w-]{10,}\./.test(all), 'a token')
    for (const words of [text, 'secret words', 'drain 1', 'back again']) assert.ok(!all.includes(words), words)
  })

  scenario('lines of the log are JSON where nobody watches', async (world) => {
    const lines = world.engine.log.split('\n').filter(Boolean)
    for (const line of lines) JSON.parse(line)
  })
})
