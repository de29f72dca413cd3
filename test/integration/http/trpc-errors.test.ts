import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDeps, type Deps } from '~/server/deps'
import { readServerConfig } from '~/server/platform/config'
import { procedureFor, router } from '~/server/trpc/routers/procedures'
import {
  AUTH_SECRET,
  CALLBACK_SECRET,
  createTestConsole,
  insertDeployAt,
  type TestConsole,
} from '~test/support/console'
import { signedInAs } from '~test/support/sessions'
import { tcpProxy } from '~test/support/tcp-proxy'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

describe('polls of a signed-in member while the database is unreachable', () => {
  let deps: Deps
  let proxy: Awaited<ReturnType<typeof tcpProxy>>
  let ahead = 0
  beforeAll(async () => {
    proxy = await tcpProxy(console_.deps.config.databaseUrl)
    await proxy.mend()
    const config = readServerConfig({
      DATABASE_URL: proxy.url,
      GITHUB_API_URL: 'http://127.0.0.1:9/api/v3',
      GITHUB_DISPATCH_TOKEN: 'test-token',
      DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
      AUTH_SECRET,
      LOG_LEVEL: 'silent',
    })
    deps = { ...createDeps(config), now: () => new Date(Date.now() + ahead) }
    Object.assign(globalThis, { deployConsoleDeps: deps })
  })
  afterAll(() => deps.db.$disconnect())

  it('a poll is answered with "the database does not answer" and without the address of the database', async () => {
    const grid = await import('~/app/api/trpc/[trpc]/route')
    const { id } = await insertDeployAt(console_.deps, 'building')
    const input = encodeURIComponent(JSON.stringify({ id }))
    const headers = { host: 'localhost:3000', cookie: await signedInAs(console_.deps), 'if-none-match': 'W/"older"' }
    const polls = [
      () => grid.GET(new Request('http://localhost:3000/api/trpc/surfaces.list', { headers })),
      () => grid.GET(new Request(`http://localhost:3000/api/trpc/deploys.get?input=${input}`, { headers })),
    ]
    for (const poll of polls) expect((await poll()).status).toBe(200)
    await proxy.cut()
    // A session is remembered for ten seconds. Later, reading the session is the first query that fails.
    for (const since of [0, 11_000]) {
      ahead = since
      for (const poll of polls) {
        const answer = await poll()
        const text = await answer.text()
        expect({ status: answer.status, body: JSON.parse(text) }).toMatchObject({
          status: 503,
          body: {
            error: { message: expect.stringMatching(/^The database/), data: { appCode: 'database_unavailable' } },
          },
        })
        const { hostname, port, pathname } = new URL(proxy.url)
        for (const secret of [hostname, port, pathname.slice(1)]) expect(text).not.toContain(secret)
      }
    }
  })
})

describe('a failure outside every procedure', () => {
  it("a failure before a procedure is reached is answered with the console's own sentence", async () => {
    const failing = router({ one: procedureFor('surface.read').query(() => null) })
    const answer = await fetchRequestHandler({
      endpoint: '/api/trpc',
      req: new Request('http://localhost:3000/api/trpc/one'),
      router: failing,
      createContext: async () => {
        throw new Error('no such relation on secret-host.example.com')
      },
    })
    const text = await answer.text()
    expect(text).not.toContain('secret-host')
    expect(JSON.parse(text)).toMatchObject({ error: { data: { appCode: 'internal', httpStatus: 500 } } })
  })
})
