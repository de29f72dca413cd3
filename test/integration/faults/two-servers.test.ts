import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { SignedInServer } from './fault-world'
import { createFaultWorld, type Dispatched, dispatch, type FaultWorld } from './fault-world'

const TIMEOUT = 180_000
/** Per minute. Each client has an address of its own, as behind a proxy. */
const LIMITED = { RATE_LIMIT_PER_MINUTE: '200', TRUSTED_PROXIES: '127.0.0.1' }

let world: FaultWorld
let servers: readonly [SignedInServer, SignedInServer]
beforeAll(async () => {
  world = await createFaultWorld()
  servers = [await world.startServer(undefined, LIMITED), await world.startServer(undefined, LIMITED)]
}, TIMEOUT)
afterAll(() => world.close(), TIMEOUT)

const twelve = <Value>(make: (server: SignedInServer, index: number) => Promise<Value>) =>
  Promise.all(Array.from({ length: 12 }, (_, index) => make(servers[index % 2 === 0 ? 0 : 1], index)))
const made = z.object({ result: z.object({ data: z.object({ path: z.string() }) }) })
const post = async ({ url, cookie }: SignedInServer, path: string, body: object) => {
  const headers = {
    'content-type': 'application/json',
    origin: url,
    ...(path.startsWith('/api/trpc') ? { cookie } : {}),
  }
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, body: await answer.json() }
}
const madeIds = (answers: readonly Dispatched[]) => answers.flatMap((one) => ('refused' in one ? [] : [one.id]))

describe('two servers on one database', { timeout: TIMEOUT }, () => {
  it('simultaneous requests with one idempotency key make one deploy and one run, and all are answered with that deploy', async () => {
    const surfaceId = await world.newSurface()
    const key = randomUUID()
    const ids = madeIds(await twelve((server) => dispatch(server, surfaceId, key)))
    expect(ids).toHaveLength(12)
    expect(new Set(ids).size).toBe(1)
    expect(world.model.runsOf(ids[0] ?? '')).toHaveLength(1)
  })

  it('simultaneous requests for two surfaces with one idempotency key ship one surface and are refused for the other', async () => {
    const surfaces = [await world.newSurface(), await world.newSurface()] as const
    const key = randomUUID()
    const answers = await twelve((server, index) => dispatch(server, surfaces[index % 4 < 2 ? 0 : 1], key))
    expect(new Set(madeIds(answers)).size).toBe(1)
    const refusals = answers.flatMap((one) => ('refused' in one ? [one.refused] : []))
    expect(refusals).toEqual(Array.from({ length: 6 }, () => 'idempotency_mismatch'))
    expect(await world.deps.db.deploy.count({ where: { idempotencyKey: key } })).toBe(1)
  })

  it('simultaneous requests for one surface with their own keys make one deploy, and the others are refused as surface_busy', async () => {
    const surfaceId = await world.newSurface()
    const answers = await twelve((server) => dispatch(server, surfaceId))
    const ids = madeIds(answers)
    expect(ids).toHaveLength(1)
    expect(answers.filter((one) => 'refused' in one && one.refused === 'surface_busy')).toHaveLength(11)
    expect(await world.deps.db.deploy.count({ where: { surfaceId } })).toBe(1)
    expect(world.model.runsOf(ids[0] ?? '')).toHaveLength(1)
  })

  it('incorrect passwords at both servers count together, and the lock holds at both', async () => {
    const signIn = (server: SignedInServer) =>
      post(server, '/api/auth/sign-in/email', { email: 'nobody@example.com', password: 'a wrong password' })
    const statuses: number[] = []
    for (const n of [0, 1, 0, 1, 0] as const) statuses.push((await signIn(servers[n])).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401])
    for (const server of servers) {
      expect(await signIn(server)).toMatchObject({ status: 429, body: { code: 'LOCKED' } })
    }
  })

  it('an invitation that was used at one server does not work at the other', async () => {
    const invited = await post(servers[0], '/api/trpc/members.invite', {
      email: 'new@example.com',
      role: 'viewer',
      environments: null,
    })
    const { path } = made.parse(invited.body).result.data
    const accept = (server: SignedInServer) =>
      post(server, '/api/auth/links/accept', {
        token: path.split('/').at(-1),
        name: 'New',
        password: 'correct horse battery',
      })
    const both = await Promise.all(servers.map(accept))
    expect(both.map(({ status }) => status === 200).sort()).toEqual([false, true])
    for (const server of servers) expect((await accept(server)).status).not.toBe(200)
  })

  it('requests of one address at both servers count together', async () => {
    const admitted: number[] = []
    for (const { url } of servers) {
      let through = 0
      for (let n = 0; n < 250; n += 1) {
        const answer = await fetch(`${url}/api/openapi.json`, { headers: { 'x-forwarded-for': '198.51.100.7' } })
        await answer.body?.cancel()
        if (answer.status !== 429) through += 1
      }
      admitted.push(through)
    }
    // Three more are earned each second.
    expect(admitted[0]).toBeGreaterThanOrEqual(200)
    expect(admitted[1]).toBeLessThan(100)
  })
})
