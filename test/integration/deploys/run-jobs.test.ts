import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { jobsAnswer, runAnswer, startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
beforeEach(() => {
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

function gitHubHasRun(conclusion: string | null, jobs: Parameters<typeof jobsAnswer>[0], attempt = 1) {
  github.script.onRun = () => runAnswer(conclusion, attempt)
  github.script.onJobs = () => jobsAnswer(jobs)
}

const attemptsOf = async (id: string) => (await getDeploy(console_.deps, id)).runAttempts
const statesOf = async (id: string) =>
  (await attemptsOf(id)).map(({ attempt, jobs }) => [attempt, jobs.map(({ name, conclusion }) => [name, conclusion])])

it('a deploy shows the jobs and steps of its run as GitHub records them, with a link to each job, at no additional request', async () => {
  const { id } = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 9007199254740993n })
  expect(await attemptsOf(id)).toEqual([])
  gitHubHasRun(null, { test: { Unit: 'success', Lint: 'skipped' }, deploy: { Apply: null } })
  await reconcileDeploy(console_.deps, id)
  expect(await attemptsOf(id)).toMatchObject([
    {
      attempt: 1,
      moreJobs: 0,
      jobs: [
        {
          name: 'test',
          url: `${github.origin}/acme/platform/actions/runs/9007199254740993/job/1`,
          startedAt: '2026-11-21T10:00:00.000Z',
          endedAt: '2026-11-21T10:04:00.000Z',
          steps: [
            { number: 1, name: 'Unit', status: 'completed', conclusion: 'success' },
            { number: 2, name: 'Lint', conclusion: 'skipped' },
          ],
        },
        { name: 'deploy', status: 'in_progress', conclusion: null, endedAt: null, steps: [{ name: 'Apply' }] },
      ],
    },
  ])
  expect(github.requests.map(({ path }) => path.replace(/.*\/runs\/\d+/, ''))).toEqual([
    '/jobs?per_page=100&page=1',
    '',
  ])
})

it('a deploy keeps the jobs of each attempt, so a re-run after its end does not change its history', async () => {
  const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 8n })
  gitHubHasRun('failure', { deploy: { Apply: 'failure' } })
  await reconcileDeploy(console_.deps, id)
  gitHubHasRun('success', { deploy: { Apply: 'success' } }, 2)
  await reconcileDeploy(console_.deps, id)
  expect(await statesOf(id)).toEqual([
    [2, [['deploy', 'success']]],
    [1, [['deploy', 'failure']]],
  ])
})

it('a deploy that a callback has ended shows the end of its jobs after the next look', async () => {
  const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 9n })
  gitHubHasRun('success', { deploy: { Apply: 'success' } })
  await receiveCallback(console_.deps, signedCallback(id, { status: 'succeeded', run_id: '9' }), id)
  await reconcileDeploy(console_.deps, id)
  expect(await statesOf(id)).toEqual([[1, [['deploy', 'success']]]])
})
