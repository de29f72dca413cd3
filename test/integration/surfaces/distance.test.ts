import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { findSurface } from '~/server/db/surfaces'
import { listTiles } from '~/server/surfaces/list-tiles'
import { measureDistance } from '~/server/surfaces/probe-surface'
import { reviewDeploy } from '~/server/surfaces/review-deploy'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { gitRef, SHA, startScriptedGitHub } from '~test/support/scripted-github'

const RUNNING = 'b'.repeat(40)
const TAG = 'c'.repeat(40)
let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
beforeEach(() => {
  github.requests.length = 0
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
  const surface = await findSurface(deps.sql, id)
  if (surface === null) throw new Error('the surface is gone')
  await measureDistance(deps, surface, RUNNING)
  return (await listTiles(deps)).find((tile) => tile.id === id)?.version
}

it('a version of an unmerged branch is said to be behind and ahead of the default ref, with the time of the count', async () => {
  expect(await measured()).toMatchObject({ behindBy: 3, aheadBy: 2, comparedAt: expect.any(String) })
  expect(github.requests.at(-1)?.path).toContain(`/compare/${RUNNING}...${SHA}`)
})

it('a default ref that is a branch and a tag is not compared', async () => {
  const branchOnly = github.script.onRef
  github.script.onRef = ({ path }) => {
    const ref = `refs/${decodeURIComponent(path.split('/git/ref/')[1] ?? '')}`
    return { status: 200, body: gitRef(ref, ref.startsWith('refs/tags/') ? TAG : SHA) }
  }
  expect(await measured()).toMatchObject({ behindBy: null, aheadBy: null })
  github.script.onRef = branchOnly
})

it('the review of a surface that an ended deploy holds is blocked, and names the run and the deploy', async () => {
  const { deps } = console_
  const { id, surface } = await insertDeployAt(deps, 'failed', { githubRunId: 77n })
  await deps.db.deploy.update({ where: { id }, data: { holdsSurface: true } })
  const { warnings } = await reviewDeploy(deps, { surfaceId: surface.id, ref: 'main' })
  expect(warnings.filter(({ blocking }) => blocking)).toEqual([
    {
      kind: 'busy',
      text: `Run 77 of an earlier deploy of ${surface.name} is not proven to be over and may still change it. Wait for the end of that run, or open that deploy and release the surface.`,
      blocking: true,
      deployId: id,
    },
  ])
})
