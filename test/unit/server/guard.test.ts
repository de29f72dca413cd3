import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addressOf, createGuard, type Guard } from '~/server/platform/http/guard'

const guard = createGuard({ trustedProxies: ['127.0.0.1'], consoleUrl: 'https://console.example.com' })

/** Answers what it received, in place of Next. */
const answersWith =
  (guard: Guard): RequestListener =>
  (request, response) => {
    guard(request, response)
    const { url, method, headers } = request
    const seen = Object.entries(headers).filter(([, value]) => typeof value === 'string') as [string, string][]
    response.end(JSON.stringify({ url, method, headers, address: addressOf({ headers: new Headers(seen) }) }))
  }
const server = createServer(answersWith(guard))
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

async function seenOf(path: string, init: RequestInit = {}) {
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init)
  return { seen: await answer.json(), headers: answer.headers }
}

it('behind a trusted proxy, one address is handed on: the one that the proxy saw', async () => {
  const { seen } = await seenOf('/', { headers: { 'x-forwarded-for': '203.0.113.9, 198.51.100.1' } })
  expect(seen).toMatchObject({ address: '198.51.100.1', headers: { 'x-forwarded-for': '198.51.100.1' } })
})

it.each([
  ['believes the proxy if TRUSTED_PROXIES is unix', ['unix'], '198.51.100.1'],
  ['believes the proxy no further than its own peer', ['unix', '198.51.100.0/24'], '203.0.113.9'],
  ['believes nobody if TRUSTED_PROXIES is none', [], 'unknown'],
])('at a socket, the guard %s', async (_, trustedProxies, expected) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'guard '))
  const atSocket = createServer(answersWith(createGuard({ trustedProxies, consoleUrl: 'https://console.example.com' })))
  try {
    atSocket.listen(path.join(directory, 'socket'))
    await once(atSocket, 'listening')
    const headers = { 'x-forwarded-for': 'unix, 203.0.113.9, 198.51.100.1' }
    const asked = send({ socketPath: path.join(directory, 'socket'), headers }).end()
    const [answer] = await once(asked, 'response')
    const { address, headers: seen } = JSON.parse(await text(answer))
    expect(address).toBe(expected)
    expect(seen['x-forwarded-for']).toBe(expected)
  } finally {
    atSocket.close()
    rmSync(directory, { recursive: true })
  }
})

it('an address that cannot be decoded becomes one that does not exist, and any other stays', async () => {
  expect((await seenOf('/a/%ff%fe?b=%20')).seen.url).toBe('/undecodable')
  expect((await seenOf('/api/a/%ff')).seen.url).toBe('/api/undecodable')
  expect((await seenOf('/a/%20?b=%C3%A9')).seen.url).toBe('/a/%20?b=%C3%A9')
})

it('a query that cannot be decoded is corrected as a browser does, and the path stays', async () => {
  expect((await seenOf('/audit?actor=%')).seen.url).toBe('/audit?actor=%25')
  expect((await seenOf('/audit?actor=%ff&deploy=a+b')).seen.url).toBe('/audit?actor=%EF%BF%BD&deploy=a+b')
})

it('every answer has its security headers before anything answers', async () => {
  const { headers } = await seenOf('/')
  expect(headers.get('strict-transport-security')).toBe('max-age=63072000')
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
})

it('an id that a client sent is replaced by a new one, because only a trusted proxy may name a request', async () => {
  const server = createServer(
    answersWith(createGuard({ trustedProxies: [], consoleUrl: 'https://console.example.com' })),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const answer = await fetch(address, { headers: { 'x-request-id': 'of-a-client' } })
  const id = answer.headers.get('x-request-id')
  expect(id).toMatch(/^[0-9a-f-]{36}$/)
  expect((await answer.json()).headers['x-request-id']).toBe(id)
  server.close()
})

it('a badge and a feed may be shown by other sites and run nothing, and no other address may', async () => {
  const shared = {
    'content-security-policy': expect.stringMatching(/^default-src 'none';.*; sandbox$/),
    'cross-origin-resource-policy': 'cross-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }
  const headersOf = async (path: string) => Object.fromEntries((await seenOf(path)).headers)
  for (const path of ['/badge/api.svg', '/badge/api.svg?id=1', '/feed/all', '/feed/a%2Fb?id=1']) {
    expect(await headersOf(path), path).toMatchObject(shared)
  }
  for (const path of [
    '/',
    '/badge',
    '/badges/api',
    '/feed/',
    '/feed/all/deploys',
    '/deploys?x=/feed/all',
    '/%62adge/api.svg',
  ]) {
    expect(await headersOf(path), path).toMatchObject({ 'cross-origin-resource-policy': 'same-origin' })
  }
})
