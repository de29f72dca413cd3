import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDeps, type Deps } from '~/server/deps'
import { connectGitHub } from '~/server/github/client'
import { dispatchWorkflow } from '~/server/github/dispatch-workflow'
import { kindOfRequest } from '~/server/github/request-usage'
import { listNewestRuns } from '~/server/github/workflow-runs'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { startScriptedGitHub } from '~test/support/scripted-github'

const RESET_S = Math.ceil(Date.now() / 1000) + 1_800
let console_: TestConsole
let other: Deps
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const left = (remaining: number) => ({
  'x-ratelimit-limit': '5000',
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(RESET_S),
})
const answering = (remaining: number) => () => ({
  status: 200,
  body: { workflow_runs: [] },
  headers: { ...left(remaining), etag: 'W/"one"' },
})
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  other = createDeps(console_.deps.config)
})
afterAll(async () => {
  await other.db.$disconnect()
  await console_.close()
  await github.close()
})

const list = ({ github: client }: Pick<Deps, 'github'>) =>
  listNewestRuns(client, 'acme/platform', 'deploy.yml', () => true)
const rateLimit = (role: 'admin' | 'deployer') =>
  createCaller(createContextInner(console_.deps, actorNamed('ada', { role }))).health.rateLimit()

it('admins, and only admins, see the remaining requests and what all processes asked GitHub for, by kind', async () => {
  github.script.onListRuns = answering(4_321)
  await list(console_.deps)
  github.script.onListRuns = () => ({ status: 304, headers: left(4_321) })
  await list(other)
  await other.github.usage.flush()
  await dispatchWorkflow(console_.deps.github, {
    repository: 'acme/platform',
    workflow: 'x.yml',
    ref: 'main',
    inputs: {},
  })
  expect(await rateLimit('admin')).toMatchObject({
    rateLimit: { limit: 5_000, remaining: 4_321, resetAt: new Date(RESET_S * 1000).toISOString() },
    lastHours: [
      { kind: 'runs', requests: 2, unchanged: 1 },
      { kind: 'dispatch', requests: 1, unchanged: 0 },
    ],
    lastDay: [{ kind: 'runs' }, { kind: 'dispatch' }],
  })
  await expect(rateLimit('deployer')).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

it('the remaining requests that GitHub told one process apply to the others', async () => {
  github.script.onListRuns = answering(1_000)
  await list(console_.deps)
  await console_.deps.github.usage.flush()
  expect(other.github.rateLimit.pausedUntil(new Date(), 'background')).toBeNull()
  await dispatchWorkflow(other.github, { repository: 'acme/platform', workflow: 'x.yml', ref: 'main', inputs: {} })
  await other.github.usage.flush()
  expect(other.github.rateLimit.pausedUntil(new Date(), 'background')).toEqual(new Date(RESET_S * 1000))
})

it('requests that could not be written down are counted with the next ones', async () => {
  await other.db.$executeRaw`ALTER TABLE "github_usage" RENAME TO "away"`
  github.script.onListRuns = answering(1_000)
  await list(other)
  await other.github.usage.flush()
  await other.db.$executeRaw`ALTER TABLE "away" RENAME TO "github_usage"`
  const before = (await rateLimit('admin')).lastDay.find(({ kind }) => kind === 'runs')?.requests ?? 0
  await list(other)
  await other.github.usage.flush()
  expect((await rateLimit('admin')).lastDay.find(({ kind }) => kind === 'runs')?.requests).toBe(before + 2)
})

it("a warning with the requests by kind is logged once when less than 30 % of the hour's requests is left", async () => {
  const lines: unknown[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const { githubCredentials: credentials } = console_.deps.config
  const client = connectGitHub({ apiUrl: github.apiUrl, credentials }, logger)
  github.script.onListRuns = answering(1_499)
  for (const _ of [1, 2, 3]) await list({ github: client })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({
    askedFor: { runs: 1 },
    msg: 'less than 30 % of GitHub’s rate limit is left: background looks pause until it is reset',
  })
})

it.each([
  ['GET', '/repos/a/b/actions/runs?per_page=50&page=1', 'runs'],
  ['GET', '/repos/a/b/actions/workflows/x.yml/runs?per_page=30', 'runs'],
  ['GET', '/repos/a/b/actions/workflows/x.yml/runs?event=workflow_dispatch&created=%3E%3D2026', 'lookup'],
  ['GET', '/repos/a/b/actions/runs/9/jobs?page=1', 'run'],
  ['GET', '/repos/a/b/actions/variables/DEPLOY_FREEZE', 'variable'],
  ['GET', '/repos/a/b/git/ref/heads%2Fmain', 'ref'],
  ['GET', '/repos/a/b/compare/a...b', 'compare'],
  ['GET', '/repos/a/b/commits/abc/check-runs?page=1', 'checks'],
  ['GET', '/repos/a/b/commits?sha=main', 'choices'],
  ['POST', '/repos/a/b/actions/workflows/x.yml/dispatches', 'dispatch'],
  ['POST', '/repos/a/b/actions/runs/9/cancel', 'cancel'],
  ['POST', '/app/installations/1/access_tokens', 'other'],
  ['GET', '/repos/a/b/contents/.github/workflows/deploy.yml?ref=main', 'workflow'],
])('the request %s %s is counted as %s', (method, path, kind) => {
  expect(kindOfRequest(method, `https://api.github.com${path}`)).toBe(kind)
})
