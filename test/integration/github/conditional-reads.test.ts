import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createDeps, type Deps } from '~/server/deps'
import { forgetUnusedAnswers } from '~/server/github/conditional-fetch'
import { listNewestRuns } from '~/server/github/workflow-runs'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { type Answer, type Handler, listedRun, startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const others: Deps[] = []
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
beforeEach(async () => {
  github.requests.length = 0
  await console_.deps.db.gitHubAnswer.deleteMany()
})
afterAll(async () => {
  await Promise.all(others.map(({ db }) => db.$disconnect()))
  await console_.close()
  await github.close()
})

/** Another process on the same database. */
function anotherProcess(config: Partial<Deps['config']> = {}) {
  const deps = createDeps({ ...console_.deps.config, ...config })
  others.push(deps)
  return deps
}
const list = ({ github: client }: Deps) => listNewestRuns(client, 'acme/platform', 'deploy.yml', () => true)
const DAY_MS = 24 * 3_600_000

/** Answers as GitHub does: 304 without a body to a request with the ETag. */
const withEtag =
  (etag: string, body: unknown, headers: Record<string, string> = {}): Handler =>
  ({ headers: asked }): Answer =>
    asked['if-none-match'] === etag
      ? { status: 304, headers: { etag, ...headers } }
      : { status: 200, body, headers: { etag, ...headers } }
const listOf = (...ids: (number | bigint)[]) => ({
  total_count: ids.length,
  workflow_runs: ids.map((id) => ({
    ...listedRun(id, 'Deploy x to production'),
    run_number: 1,
    event: 'workflow_dispatch',
    status: 'completed',
    conclusion: 'success',
    created_at: '2026-11-28T10:00:00Z',
  })),
})
const sentEtags = () => github.requests.map(({ headers }) => headers['if-none-match'])

it('a read sends the ETag of the last answer, in every process, and a 304 returns that answer', async () => {
  const runId = 9_007_199_254_740_993n
  github.script.onListRuns = withEtag('W/"one"', listOf(runId))
  const first = await list(console_.deps)
  expect(first.items.map(({ id }) => id)).toEqual([runId])
  expect(await list(console_.deps)).toEqual(first)
  expect(await list(anotherProcess())).toEqual(first)
  expect(sentEtags()).toEqual([undefined, 'W/"one"', 'W/"one"'])
})

it('a changed answer is returned and stored in place of the earlier one', async () => {
  github.script.onListRuns = withEtag('W/"one"', listOf(1))
  await list(console_.deps)
  github.script.onListRuns = withEtag('W/"two"', listOf(2, 1))
  expect((await list(console_.deps)).items.map(({ id }) => id)).toEqual([2n, 1n])
  expect((await list(console_.deps)).items.map(({ id }) => id)).toEqual([2n, 1n])
  expect(sentEtags()).toEqual([undefined, 'W/"one"', 'W/"two"'])
})

it('an answer stored for one credential is not used for another', async () => {
  github.script.onListRuns = withEtag('W/"one"', listOf(1))
  await list(console_.deps)
  await list(anotherProcess({ githubCredentials: { kind: 'token', token: 'another-token' } }))
  expect(sentEtags()).toEqual([undefined, undefined])
})

it('the remaining requests are also taken from a 304', async () => {
  const reset = Math.ceil(Date.now() / 1000) + 600
  const left = (remaining: string) => ({
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': String(reset),
  })
  github.script.onListRuns = withEtag('W/"one"', listOf(1), left('4000'))
  const { rateLimit } = console_.deps.github
  await list(console_.deps)
  expect(rateLimit.pausedUntil(new Date(), 'background')).toBeNull()
  github.script.onListRuns = withEtag('W/"one"', listOf(1), left('1000'))
  await list(console_.deps)
  expect(rateLimit.pausedUntil(new Date(), 'background')).toEqual(new Date(reset * 1000))
})

it('a repeated read from the store does not make a repository look moved', async () => {
  github.script.onListRuns = withEtag('W/"one"', listOf(1))
  const { moved } = console_.deps.github
  await list(console_.deps)
  await list(console_.deps)
  expect(moved.newNameOf('acme/platform')).toBeNull()
})

it('an answer that is an error or has no ETag is not stored', async () => {
  github.script.onListRuns = () => ({ status: 200, body: listOf(1) })
  await list(console_.deps)
  github.script.onListRuns = () => ({ status: 404, body: { message: 'Not Found' }, headers: { etag: 'W/"none"' } })
  await expect(list(console_.deps)).rejects.toMatchObject({ status: 404 })
  expect(await console_.deps.db.gitHubAnswer.count()).toBe(0)
})

it('a read sends no ETag if the stored answer is unreadable', async () => {
  github.script.onListRuns = withEtag('W/"one"', listOf(1))
  await list(console_.deps)
  await console_.deps.db.gitHubAnswer.updateMany({ data: { body: new Uint8Array([1, 2, 3]) } })
  expect((await list(console_.deps)).items).toHaveLength(1)
  expect(sentEtags()).toEqual([undefined, undefined])
})

it('a stored answer is deleted if it was not used for three days', async () => {
  github.script.onListRuns = withEtag('W/"one"', listOf(1))
  await list(console_.deps)
  const { db } = console_.deps
  await forgetUnusedAnswers(db, new Date(Date.now() + 2 * DAY_MS))
  expect(await db.gitHubAnswer.count()).toBe(1)
  await forgetUnusedAnswers(db, new Date(Date.now() + 4 * DAY_MS))
  expect(await db.gitHubAnswer.count()).toBe(0)
})

it('at most 5,000 answers are stored, the most recently used', async () => {
  const { db } = console_.deps
  const now = new Date()
  await db.$executeRaw`
    INSERT INTO "github_answers" SELECT lpad(to_hex(n), 64, '0'), '"x"', 'application/json', '', ${now}::timestamptz - n * interval '1 s'
    FROM generate_series(1, 5010) AS n`
  await forgetUnusedAnswers(db, now)
  expect(await db.gitHubAnswer.count()).toBe(5_000)
  const oldest = await db.gitHubAnswer.findFirstOrThrow({ orderBy: { usedAt: 'asc' } })
  expect(now.getTime() - oldest.usedAt.getTime()).toBe(5_000_000)
})
