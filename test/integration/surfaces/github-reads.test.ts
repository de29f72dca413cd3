import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { commit, SHA, startScriptedGitHub } from '~test/support/scripted-github'

// GitHub limits requests an hour. Dispatches need some, so people who only look must not use them all.

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const viewer = actorNamed('vera', { role: 'viewer' })
const deployer = actorNamed('ada', { role: 'deployer' })
beforeAll(async () => {
  github = await startScriptedGitHub()
})
beforeEach(async () => {
  github.requests.length = 0
  github.script.onCommit = () => ({ status: 200, body: commit(SHA) })
  github.script.onListRuns = ({ path }) => {
    if (path.includes('/compare/')) return { status: 404, body: { message: 'Not Found' } }
    const refs = /\/(branches|tags|commits)\?/.test(path)
    return { status: 200, body: refs ? [] : { total_count: 0, workflow_runs: [] } }
  }
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl, env: { RATE_LIMIT_PER_MINUTE: '6000' } })
  await insertMember(console_.deps, deployer)
})
afterEach(() => console_.close())
afterAll(() => github.close())

const as = (actor: Actor) => createCaller(createContextInner(console_.deps, actor))
const surfaceId = async () => (await insertSurface(console_.deps)).id
const dispatch = async () => {
  const { id, confirm } = await insertSurface(console_.deps)
  const input = { surfaceId: id, ref: 'main', confirmation: confirm, idempotencyKey: randomUUID() }
  return as(deployer).deploys.dispatch(input)
}
const tooMany = { code: 'TOO_MANY_REQUESTS' }

it('two hundred people who open the choice of refs at once cost three requests, and a dispatch still works', async () => {
  const id = await surfaceId()
  const people = Array.from({ length: 200 }, (_, n) => actorNamed(`p${n}`, { role: 'viewer' }))
  await Promise.all(people.map((person) => as(person).surfaces.refs({ surfaceId: id })))
  await as(viewer).surfaces.refs({ surfaceId: id, query: 'release' })
  expect(github.requests).toHaveLength(3)
  expect(await dispatch()).toMatchObject({ outcome: 'deploy', status: 'dispatched' })
})

it('a review always reads the ref again and shows its newest commit', async () => {
  const id = await surfaceId()
  await console_.deps.db.surface.update({ where: { id }, data: { runningSha: 'c'.repeat(40) } })
  const review = () => as(viewer).surfaces.review({ surfaceId: id, ref: 'main' })
  expect(await review()).toMatchObject({ sha: SHA })
  const moved = 'b'.repeat(40)
  github.script.onCommit = () => ({ status: 200, body: commit(moved) })
  expect(await review()).toMatchObject({ sha: moved })
})

it('an account that keeps reviewing new refs is limited, but its other requests and other accounts are not', async () => {
  const id = await surfaceId()
  github.script.onVariable = () => ({ status: 200, body: { value: 'false' } })
  const ask = async (n: number) => as(viewer).surfaces.review({ surfaceId: id, ref: `branch-${n}` })
  const answers = await Promise.allSettled(Array.from({ length: 200 }, (_, n) => ask(n)))
  const refused = answers.filter((answer) => answer.status === 'rejected' && answer.reason.code === tooMany.code)
  // The limit of a minute, and one or two more that a slow machine earns meanwhile.
  expect(refused.length).toBeGreaterThan(100)
  // The name as a branch and as a tag, the commit, its check runs, its statuses, DEPLOY_FREEZE, and the workflow file.
  expect(github.requests.length).toBeLessThanOrEqual(7 * (answers.length - refused.length))
  await as(viewer).surfaces.list()
  await as(deployer).surfaces.review({ surfaceId: id, ref: 'main' })
  expect(await dispatch()).toMatchObject({ status: 'dispatched' })
})

it("the last fifth of GitHub's requests is reserved for people who may deploy", async () => {
  const id = await surfaceId()
  const reset = String(Math.ceil(Date.now() / 1000) + 600)
  const left = (remaining: string) => {
    const headers = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset }
    github.script.onCommit = () => ({ status: 200, body: commit(SHA), headers })
  }
  const review = (actor: Actor) => as(actor).surfaces.review({ surfaceId: id, ref: 'main' })
  left('1000')
  await review(viewer)
  left('999')
  await review(viewer)
  github.requests.length = 0
  await expect(review(viewer)).rejects.toMatchObject({ cause: { code: 'github_unavailable' } })
  await expect(as(viewer).surfaces.refs({ surfaceId: id })).rejects.toMatchObject({
    cause: { code: 'github_unavailable' },
  })
  expect(github.requests).toEqual([])
  expect(await review(deployer)).toMatchObject({ sha: SHA })
  expect(await dispatch()).toMatchObject({ status: 'dispatched' })
})
