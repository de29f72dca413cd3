import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRateLimiter } from '~/server/platform/http/rate-limits'
import { addToRate } from '~/server/platform/http/request-rates.sql'
import { createToken } from '~/server/tokens/manage-tokens'
import { appRouter } from '~/server/trpc/routers/_app'
import { createCallerFactory, createContextInner } from '~/server/trpc/routers/procedures'
import { actorNamed } from '~test/support/actors'
import { type BuiltServer, startBuiltServer } from '~test/support/built-server'
import {
  CALLBACK_SECRET,
  createTestConsole,
  insertDeployAt,
  insertSurface,
  type TestConsole,
} from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { handlersOf, listRoutes } from '~test/support/route-modules'
import { signedInAs } from '~test/support/sessions'
import { signedCallback } from '~test/support/signed-callback'
import { insertMember } from '~test/support/token-owners'

const LIMIT = 20
const createCaller = createCallerFactory(appRouter)

let console_: TestConsole
const startServer = (env: Readonly<Record<string, string>>) =>
  startBuiltServer({
    DATABASE_URL: console_.deps.config.databaseUrl,
    GITHUB_API_URL: 'http://127.0.0.1:9/api/v3',
    GITHUB_DISPATCH_TOKEN: 'test-token',
    DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
    IN_PROCESS_WORKER: 'off',
    ...env,
  })
beforeAll(async () => {
  console_ = await createTestConsole({
    env: { RATE_LIMIT_PER_MINUTE: String(LIMIT), RATE_LIMIT_REFUSED_PER_MINUTE: String(LIMIT) },
  })
})
afterAll(() => console_.close())

const surfaceAddress = '/api/internal/deploys/00000000-0000-7000-8000-000000000000/status'

/** Counts the requests that are not refused for their number. The refused ones say when to come back. */
async function countAdmitted(server: BuiltServer, address: string, count: number, headers: (n: number) => HeadersInit) {
  let through = 0
  for (let n = 0; n < count; n += 1) {
    const method = address.startsWith('/api/internal') ? 'POST' : 'GET'
    const answer = await fetch(`${server.url}${address}`, {
      method,
      headers: headers(n),
      ...(method === 'POST' ? { body: '{}' } : {}),
    })
    const text = await answer.text()
    if (answer.status !== 429) {
      through += 1
      continue
    }
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    if (address === '/') continue
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(JSON.parse(text)).toMatchObject({ status: 429, code: 'rate_limited', title: 'Too many requests' })
  }
  return through
}

describe('rate limits without a trusted proxy', () => {
  let server: BuiltServer
  beforeAll(async () => {
    server = await startServer({ RATE_LIMIT_PER_MINUTE: '5', RATE_LIMIT_REFUSED_PER_MINUTE: '5' })
  })
  afterAll(() => server.stop())

  it("an X-Forwarded-For does not lift the limit of the sender's address", async () => {
    const spoofed = (n: number) => ({ 'x-forwarded-for': `198.51.100.${n}`, forwarded: `for=198.51.100.${n}` })
    // The limit of a minute, and one or two more that a slow machine earns meanwhile.
    expect(await countAdmitted(server, surfaceAddress, 20, spoofed)).toBeLessThan(10)
    expect(await countAdmitted(server, '/api/openapi.json', 20, spoofed)).toBeLessThan(10)
  })

  it('pages count toward the limit and are refused with a sentence', async () => {
    expect(await countAdmitted(server, '/', 20, () => ({}))).toBeLessThan(10)
    expect(await (await fetch(server.url)).text()).toMatch(/^Rate limit exceeded .* Try again in \d+ s\.\n$/)
  })

  it('signed callbacks are never refused for their number, even from an address that is refused otherwise', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    expect(await countAdmitted(server, surfaceAddress, 20, () => ({}))).toBeLessThan(10)
    const statuses: number[] = []
    for (let n = 0; n < 20; n += 1) {
      const { headers, body } = signedCallback(id, { status: 'smoke_gate_started' })
      const request = { method: 'POST', headers, body: await new Response(body).text() }
      statuses.push((await fetch(`${server.url}/api/internal/deploys/${id}/status`, request)).status)
    }
    expect(new Set(statuses)).toEqual(new Set([200]))
  })
})

describe('rate limits behind a trusted proxy', () => {
  let server: BuiltServer
  beforeAll(async () => {
    server = await startServer({
      TRUSTED_PROXIES: '127.0.0.0/8, 10.0.0.0/8',
      RATE_LIMIT_PER_MINUTE: '5',
      RATE_LIMIT_REFUSED_PER_MINUTE: '5',
    })
  })
  afterAll(() => server.stop())

  it('each client has its own limit, by the address that its proxy saw', async () => {
    expect(await countAdmitted(server, surfaceAddress, 20, (n) => ({ 'x-forwarded-for': `198.51.100.${n}` }))).toBe(20)
    expect(
      await countAdmitted(server, '/api/openapi.json', 20, (n) => ({ 'x-forwarded-for': `198.51.100.${n}` })),
    ).toBe(20)
  })

  it("an address that a client writes into X-Forwarded-For does not lift the client's limit", async () => {
    const spoofed = (n: number) => ({ 'x-forwarded-for': `203.0.113.${n}, 192.0.2.1, 10.0.0.9` })
    expect(await countAdmitted(server, surfaceAddress, 20, spoofed)).toBeLessThan(10)
  })
})

it('each account has its own limit', async () => {
  const own = await createTestConsole({ env: { RATE_LIMIT_PER_MINUTE: '1' } })
  try {
    const call = (name: string) => createCaller(createContextInner(own.deps, actorNamed(name))).surfaces.list()
    await call('first')
    await expect(call('first')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    await call('second')
  } finally {
    await own.close()
  }
})

it('one account has one limit for the screen, REST with a session and REST with a token', async () => {
  const own = await createTestConsole({ env: { RATE_LIMIT_PER_MINUTE: '3' } })
  try {
    // No address has a limit here, so only the account's limit applies.
    const deps = { ...own.deps, rateLimits: { ...own.deps.rateLimits, addresses: createRateLimiter(undefined) } }
    await insertSurface(deps)
    const owner = await insertMember(deps, 'ada@example.com')
    const scope = { permissions: ['deploy.read' as const], environments: [], surfaces: null, expiresInDays: 1 }
    const { secret } = await createToken(deps, owner, { label: 'ci', ...scope })
    const rest = restClient(deps, () => signedInAs(deps, { email: owner.name }))
    const token = { authorization: `Bearer ${secret}` }
    const read = async (headers: Record<string, string>) =>
      (await rest.call('GET', `/api/internal/deploys/${deps.newId()}`, { headers })).status
    expect([await read({}), await read(token)]).toEqual([404, 404])
    await createCaller(createContextInner(deps, owner)).surfaces.list()
    expect([await read({}), await read(token)]).toEqual([429, 429])
    await expect(createCaller(createContextInner(deps, owner)).surfaces.list()).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
    })
    const other = await insertMember(deps, 'grace@example.com')
    const { secret: another } = await createToken(deps, other, { label: 'ci', ...scope })
    expect(await read({ authorization: `Bearer ${another}` })).toBe(404)
  } finally {
    await own.close()
  }
})

it('every route except the health checks and signed callbacks refuses an address above its limit', async () => {
  // The clock stands still, because on a slow machine the limit would admit one more request meanwhile.
  const frozen = createRateLimiter(LIMIT, { clock: () => 0 })
  const rateLimits = {
    ...console_.deps.rateLimits,
    addresses: frozen,
    unsigned: createRateLimiter(LIMIT, { clock: () => 0 }),
  }
  Object.assign(globalThis, { deployConsoleDeps: { ...console_.deps, rateLimits } })
  const call = async (n: number, routes = listRoutes('api')) => {
    const open: string[] = []
    for (const route of routes) {
      for (const [method, handler] of Object.entries(await handlersOf(route))) {
        const init = method === 'POST' ? { method, body: 'x'.repeat(100_000) } : { method }
        const request = new Request(`http://localhost:3000/${n}`, init)
        const { status } = await handler(request, { params: Promise.resolve({ id: 'x', trpc: 'x' }) })
        if (status !== 429 && status !== 405 && method !== 'OPTIONS') open.push(`${method} ${route.template}`)
      }
    }
    return open
  }
  for (let n = 0; n < LIMIT; n += 1) await call(n)
  expect((await call(LIMIT)).toSorted()).toEqual([
    'GET /api/health',
    'GET /api/health/ready',
    'POST /api/internal/deploys/{id}/callback',
    'POST /api/internal/deploys/{id}/status',
  ])
})

describe('the rate of a sender over all replicas', () => {
  const MINUTE_MS = 60_000
  const add = (key: string, spentMs: number) => addToRate(console_.deps.db, key, spentMs)

  // The column rounds to milliseconds.
  it('adds up, but never to more than a minute of waiting', async () => {
    expect(await add('eager', 10_000)).toBeLessThan(10_001)
    expect(await add('eager', 10_000)).toBeGreaterThan(10_001)
    for (let n = 0; n < 3; n += 1) await add('eager', MINUTE_MS)
    expect(await add('eager', MINUTE_MS)).toBeLessThan(2 * MINUTE_MS + 1)
  })

  it("counts anew after the database's clock was set back", async () => {
    await add('active', MINUTE_MS)
    const { usedUntil } = await console_.deps.db.requestRate.findUniqueOrThrow({ where: { key: 'active' } })
    // An hour that the clock was set back is an hour that the row is ahead.
    const ahead = new Date(usedUntil.getTime() + 60 * MINUTE_MS)
    await console_.deps.db.requestRate.update({ where: { key: 'active' }, data: { usedUntil: ahead } })
    expect(await add('active', 1_000)).toBeLessThan(1_001)
    expect(await add('active', 1_000)).toBeLessThan(2_001)
  })
})
