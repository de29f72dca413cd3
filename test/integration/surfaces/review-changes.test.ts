import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DeploySource } from '~/domain/deploy/request'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { commit, SHA, startScriptedGitHub } from '~test/support/scripted-github'

const RUNNING = 'b'.repeat(40)
let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const commits = (count: number, digit: string) =>
  Array.from({ length: count }, (_, n) => commit(`${digit}${String(n).padStart(39, '0')}`))

beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  const compared = (ahead_by: number, behind_by: number, digit: string) => ({
    status: 200,
    body: {
      status: 'diverged',
      ahead_by,
      behind_by,
      html_url: 'https://github.example.com',
      commits: commits(ahead_by, digit),
    },
  })
  github.script.onListRuns = ({ path }) => {
    if (path.includes('/acme/few')) return compared(2, 0, 'd')
    return path.includes(`${RUNNING}...${SHA}`) ? compared(2, 240, 'd') : compared(240, 2, 'e')
  }
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

async function review(source?: DeploySource, repository = 'acme/platform') {
  const { deps } = console_
  const { id } = await insertSurface(deps)
  await deps.db.surface.update({ where: { id }, data: { repository, runningSha: RUNNING, runningSeenAt: deps.now() } })
  return reviewDeploy(deps, { surfaceId: id, ref: 'main', source })
}

it('a review lists the commits that are added and the newest hundred that are removed', async () => {
  const { comparison } = await review()
  expect(comparison).toMatchObject({ adds: 2, removes: 240 })
  expect(comparison?.commits).toHaveLength(2)
  expect(comparison?.removed).toHaveLength(100)
  expect(comparison?.removed[0]?.sha).toBe(`e${'239'.padStart(39, '0')}`)
})

it('a review says that a rollback which adds commits is not a rollback', async () => {
  const adding = async (source?: DeploySource) =>
    (await review(source)).warnings.filter(({ kind }) => kind === 'misnamed').map(({ text }) => text)
  expect(await adding({ kind: 'rollback', deployId: 'x' })).toEqual([
    'The commit of an earlier deploy. This is not a rollback: it adds 2 commits.',
  ])
  expect(await adding()).toEqual([])
})

it('reviews name the pull requests that brought in their commits by one shared request, and go on without them', async () => {
  const pull = (
    number: number,
    merge_commit_sha: string | null,
    merged_at: string | null = '2026-11-21T10:00:00Z',
  ) => ({
    ...{ number, merge_commit_sha, merged_at, title: `Pull ${number}`, user: { login: 'grace' } },
    html_url: `https://github.example.com/acme/platform/pull/${number}`,
  })
  const [added, removed] = [`d${'0'.padStart(39, '0')}`, `e${'239'.padStart(39, '0')}`]
  const body = [pull(1, added), pull(2, removed), pull(3, SHA), pull(4, added, null), pull(5, null)]
  github.script.onPulls = () => ({ status: 200, body })
  const [{ pulls }] = await Promise.all([review(undefined, 'acme/numbered'), review(undefined, 'acme/numbered')])
  expect(pulls.map(({ number, sha, author }) => [number, sha, author])).toEqual([
    [1, added, 'grace'],
    [2, removed, 'grace'],
  ])
  expect(github.requests.filter(({ path }) => path.includes('/numbered/pulls'))).toHaveLength(1)
  github.script.onPulls = () => ({ status: 403, body: { message: 'Resource not accessible by integration' } })
  expect(await review(undefined, 'acme/forbidden')).toMatchObject({
    pulls: [],
    pullsComplete: false,
    comparison: { adds: 2 },
  })
})

it('a review says that its pull requests are complete only if GitHub lists all that were merged since its commits', async () => {
  const listed = (length: number, updated_at: string) => {
    const pull = { number: 1, title: 'x', html_url: 'https://x', merge_commit_sha: null, user: null, updated_at }
    github.script.onPulls = () => ({ status: 200, body: Array.from({ length }, () => pull) })
  }
  listed(1, '2999-01-01T00:00:00Z')
  expect(await review(undefined, 'acme/few-all')).toMatchObject({ pullsComplete: true })
  listed(100, '2001-01-01T00:00:00Z')
  expect(await review(undefined, 'acme/few-recent')).toMatchObject({ pullsComplete: true })
  listed(100, '2999-01-01T00:00:00Z')
  expect(await review(undefined, 'acme/few-older')).toMatchObject({ pullsComplete: false })
})
