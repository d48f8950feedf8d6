// Tokens that `inboxd token` would not make: a back end's, and forged ones.
import { createHmac } from 'node:crypto'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

export function sign(claims, secret, header = { alg: 'HS256', typ: 'JWT' }) {
  const head = `${encode(header)}.${encode(claims)}`
  if (header.alg === 'none') return `${head}.`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

// What a back end holds: everything on the virtual host.
export function serviceClaims(name = 'backend') {
  const now = Math.floor(Date.now() / 1000)
  return {
    sub: name, client_id: name, aud: ['rabbitmq', name], iat: now - 5, exp: now + 3600,
    scope: ['read', 'write', 'configure'].map((right) => `rabbitmq.${right}:*/*/*`),
  }
}
