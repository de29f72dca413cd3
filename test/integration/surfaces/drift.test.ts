import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { hearingState } from '~/domain/github/webhook-hearing'
import { createDeps } from '~/server/deps'
import { measureDrift } from '~/server/surfaces/follow/measure-drift'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { readHearings, recordHearing } from '~/server/webhooks/webhook-hearings.sql'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { commit, gitRef, SHA, startScriptedGitHub } from '~test/support/scripted-github'

const RUNNING = 'b'.repeat(40)
const TAG = 'c'.repeat(40)
let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
beforeEach(async () => {
  github.requests.length = 0
  await console_.deps.db.surface.updateMany({ data: { archivedAt: new Date() } })
  await console_.deps.db.defaultRef.deleteMany()
  github.script.onListRuns = () => ({
    status: 200,
    body: { status: 'diverged', ahead_by: 3, behind_by: 2, html_url: 'https://github.example.com', commits: [] },
  })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

async function measured() {
  const { deps } = console_
  const { id } = await insertSurface(deps)
  await deps.db.surface.update({ where: { id }, data: { runningSha: RUNNING, runningSeenAt: deps.now() } })
  await measureDrift(deps, 'acme/platform')
  return (await listTiles(deps)).find((tile) => tile.id === id)?.version
}

it('the version of an unmerged branch is behind and ahead of the default ref, with the time of the comparison', async () => {
  expect(await measured()).toMatchObject({ behindBy: 3, aheadBy: 2, comparedAt: expect.any(String) })
  expect(github.requests.at(-1)?.path).toContain(`/compare/${RUNNING}...${SHA}`)
})

it('a commit is compared once for all surfaces and workers, and again when the default ref moves', async () => {
  const { deps } = console_
  const compared = () =>
    github.requests.filter(({ path }) => path.includes('/compare/')).map(({ path }) => path.slice(-83))
  const surfaces = await Promise.all([insertSurface(deps), insertSurface(deps), insertSurface(deps)])
  await deps.db.surface.updateMany({
    where: { id: { in: surfaces.map(({ id }) => id) } },
    data: { runningSha: RUNNING, runningSeenAt: deps.now() },
  })
  const another = createDeps(deps.config)
  await measureDrift(deps, 'acme/platform')
  await measureDrift(another, 'acme/platform')
  await another.db.$disconnect()
  expect(compared()).toEqual([`${RUNNING}...${SHA}`])
  expect((await listTiles(deps)).map(({ version }) => version?.behindBy)).toEqual([3, 3, 3])

  const before = github.script.onCommit
  github.script.onCommit = () => ({ status: 200, body: commit(TAG) })
  await measureDrift(deps, 'acme/platform')
  await measureDrift(deps, 'acme/platform')
  github.script.onCommit = before
  expect(compared()).toEqual([`${RUNNING}...${SHA}`, `${RUNNING}...${TAG}`])
})

it('a look costs one request while the default ref has not moved', async () => {
  await measured()
  github.requests.length = 0
  await measureDrift(console_.deps, 'acme/platform')
  expect(github.requests.map(({ path }) => path.split('/acme/platform')[1])).toEqual(['/git/ref/heads%2Fmain'])
})

it('a default ref that is both a branch and a tag is not compared', async () => {
  const branchOnly = github.script.onRef
  github.script.onRef = ({ path }) => {
    const ref = `refs/${decodeURIComponent(path.split('/git/ref/')[1] ?? '')}`
    return { status: 200, body: gitRef(ref, ref.startsWith('refs/tags/') ? TAG : SHA) }
  }
  expect(await measured()).toMatchObject({ behindBy: null, aheadBy: null })
  github.script.onRef = branchOnly
})

it('the review of a surface that an ended deploy holds blocks, and names the run and the deploy', async () => {
  const { deps } = console_
  const { id, surface } = await insertDeployAt(deps, 'failed', { githubRunId: 77n })
  await deps.db.deploy.update({ where: { id }, data: { holdsSurface: true } })
  const { warnings } = await reviewDeploy(deps, { surfaceId: surface.id, ref: 'main' })
  expect(warnings.filter(({ blocking }) => blocking)).toEqual([
    {
      kind: 'busy',
      text: `Run 77 of an earlier deploy of ${surface.name} is not proven to be over and may still change it. Another deploy can start once that run is over, or once somebody releases the surface.`,
      blocking: true,
      deployId: id,
    },
  ])
})

it('push webhooks count as silent after the default ref moved without a webhook, and not after it moved with one', async () => {
  const { deps } = console_
  const { id } = await insertSurface(deps)
  await deps.db.surface.update({ where: { id }, data: { runningSha: RUNNING, runningSeenAt: deps.now() } })
  const { onCommit } = github.script
  onTestFinished(() => {
    github.script.onCommit = onCommit
  })
  const minute = (n: number) => new Date(Date.parse('2026-11-28T12:00:00Z') + n * 60_000)
  const measureAt = async (n: number, sha: string) => {
    github.script.onCommit = () => ({ status: 200, body: commit(sha) })
    await measureDrift({ ...deps, now: () => minute(n) }, 'acme/platform')
    const hearing = (await readHearings(deps.db, 'refs')).get('acme/platform')
    return hearing === undefined ? undefined : hearingState(hearing, minute(n + 6))
  }
  const insertHearing = (n: number) =>
    recordHearing(deps.db, { repository: 'acme/platform', subjects: ['refs'], event: 'push', at: minute(n) })
  await deps.db.webhookHearing.deleteMany()
  await measureAt(0, '1'.repeat(40))
  await insertHearing(10)
  expect(await measureAt(40, '2'.repeat(40))).toBe('heard')
  expect(await measureAt(80, '3'.repeat(40))).toBe('silent')
  await insertHearing(90)
  expect(await measureAt(90, '3'.repeat(40))).toBe('heard')
})
