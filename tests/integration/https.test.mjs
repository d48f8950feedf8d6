// HTTPS on the REST port, a certificate that is replaced while the engine runs, and names from a contacts service.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import tls from 'node:tls'
import { describe, it } from 'node:test'
import { eventually, within } from './support/wait.mjs'
import { output } from './support/processes.mjs'
import { World } from './support/world.mjs'

// A self-signed certificate for localhost, named `name`.
async function certify(name, certificate, key) {
  await output('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
    '-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate])
}

describe('HTTPS', () => {
  let world, certificate, key, contacts

  // The name in the certificate that the server shows.
  const shown = () => within('a TLS handshake', new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port: Number(world.env.HTTP_PORT), servername: 'localhost', rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate().subject.CN)
        socket.end()
      })
    socket.on('error', reject)
  }))

  // A request by a client that trusts the certificate's file alone: curl.
  const curl = async (method, resource, token, body) => JSON.parse(await output('curl',
    ['-sS', '--cacert', certificate, '--resolve', `localhost:${world.env.HTTP_PORT}:127.0.0.1`, '-X', method, '-H', `Authorization: ${token}`,
      ...(body ? ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)] : []),
      `https://localhost:${world.env.HTTP_PORT}/api/tilechat${resource}`]))

  it('a broker and an engine with a certificate start', async () => {
    contacts = http.createServer((request, response) => {
      const known = request.url === '/contacts/ann?v=1'
      response.statusCode = known ? 200 : 404
      response.end(known ? JSON.stringify({ fullname: 'Ann Example', firstname: 'Ann', lastname: 'Example' }) : '{}')
    })
    await new Promise((resolve) => contacts.listen(0, '127.0.0.1', resolve))
    world = await World.create({ CONTACTS_LOOKUP_ENDPOINT: `http://127.0.0.1:${contacts.address().port}/contacts?v=1` }, { engine: false })
    certificate = path.join(world.broker.dir, 'cert.pem')
    key = path.join(world.broker.dir, 'key.pem')
    await certify('first', certificate, key)
    Object.assign(world.engine.env, { CERT_PEM: certificate, KEY_PEM: key })
    world.engine.launch()
    await eventually('it is ready', async () =>
      JSON.parse(await output('curl', ['-sSk', `https://127.0.0.1:${world.env.HTTP_PORT}/health/ready`])).ready)
  })

  it('the REST API is served by it, with names from the contacts service', async () => {
    const token = await world.token('ann')
    const inbox = await world.inbox('ann')
    const made = await curl('POST', '/groups', token, { group_name: 'Rowing', group_members: { ben: 1 } })
    assert.equal(made.success, true)
    const texts = await inbox.wait('/clientadded', { count: 6 }) // three, in two layouts
    assert.ok(texts.some(({ json }) => json.text === 'Ann Example joined group on creation'))
    assert.ok(texts.some(({ json }) => json.text === 'ben joined group on creation'), 'the id, where nobody knows a name')
  })

  it('SIGHUP brings a new certificate, and a bad one leaves the old', async () => {
    assert.equal(await shown(), 'first')
    await certify('second', certificate, key)
    world.engine.signal('SIGHUP')
    await eventually('the new one is shown', async () => await shown() === 'second')
    fs.writeFileSync(certificate, 'nonsense')
    world.engine.signal('SIGHUP')
    await eventually('it says so', () => world.engine.log.includes('cannot be read'))
    assert.equal(await shown(), 'second')
  })

  it('the engine stops in good order', async () => {
    await world?.close()
    contacts?.close()
  })
})
