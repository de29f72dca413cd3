import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { answers, startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let healthy: typeof github.script
let run = 500n
beforeAll(async () => {
  github = await startScriptedGitHub()
  healthy = { ...github.script }
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
beforeEach(() => {
  Object.assign(github.script, healthy)
  run += 1n
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const minuteOf = (at: string) => at.slice(0, 16).replace('T', ' ')

/** The run and its only job, as GitHub returns them. */
function gitHubHas(status: string, conclusion: string | null = null, job: object | null = {}) {
  const times = { created_at: ago(3), started_at: ago(3), completed_at: null, updated_at: ago(3) }
  github.script.onRun = () => ({ status: 200, body: { status, conclusion, run_attempt: 1, ...times } })
  const jobs =
    job === null ? [] : [{ id: 9, name: 'ship', status, conclusion, labels: [], steps: [], ...times, ...job }]
  github.script.onJobs = () => ({ status: 200, body: { total_count: jobs.length, jobs } })
}
const newDeploy = async () => (await insertDeployAt(console_.deps, 'dispatched', { githubRunId: run })).id
async function quietAfterLook(id: string) {
  await reconcileDeploy(console_.deps, id)
  return (await getDeploy(console_.deps, id)).quiet?.sentence ?? null
}
/** What was asked beside the run and its jobs. */
const askedBeside = () =>
  github.requests
    .map(({ path }) => path.replace('/api/v3/repos/acme/platform/actions/', ''))
    .filter((path) => !/^runs\/\d+(\/jobs.*)?$/.test(path))

const pending = (more: object) => [
  {
    environment: { id: 4294967297, name: 'production' },
    wait_timer: 0,
    wait_timer_started_at: null,
    current_user_can_approve: true,
    reviewers: [],
    ...more,
  },
]
const reviewers = [
  { type: 'User', reviewer: { login: 'octocat', id: 1 } },
  { type: 'Team', reviewer: { id: 2, name: 'Justice League', slug: 'justice-league' } },
]

it('a run that waits for a review says who may approve', async () => {
  const id = await newDeploy()
  gitHubHas('waiting')
  github.script.onPendingDeployments = () => ({ status: 200, body: pending({ reviewers }) })
  expect(await quietAfterLook(id)).toBe(
    'The run waits for a reviewer of the environment “production” on GitHub: octocat or the team Justice League may approve.',
  )
  expect(askedBeside()).toEqual([`runs/${run}/pending_deployments`])
  gitHubHas('in_progress')
  expect(await quietAfterLook(id)).toBeNull()
})

it('a run that waits for a timer says until when, and no longer once the time is over', async () => {
  const id = await newDeploy()
  gitHubHas('waiting')
  const started = ago(3)
  const timer = (wait_timer: number) => pending({ wait_timer, wait_timer_started_at: started })
  github.script.onPendingDeployments = () => ({ status: 200, body: timer(30) })
  const until = minuteOf(new Date(Date.parse(started) + 30 * 60_000).toISOString())
  expect(await quietAfterLook(id)).toBe(
    `The run waits for the environment “production” on GitHub, whose wait timer ends at ${until} UTC.`,
  )
  github.script.onPendingDeployments = () => ({ status: 200, body: timer(2) })
  expect(await quietAfterLook(id)).toBe(
    'The run waits for the protection rules of the environment “production” on GitHub.',
  )
})

it('a queued run says behind which run of its concurrency group', async () => {
  const id = await newDeploy()
  gitHubHas('pending', null, null)
  const member = (run_id: number | bigint, status: string) => ({ run_id, run_name: 'Deploy', status, position: 1 })
  github.script.onConcurrency = ({ path }) => {
    const ofRun = path.includes('/runs/')
    const members = ofRun
      ? [member(run, 'pending')]
      : [member(41, 'in_progress'), member(42, 'pending'), member(run, 'pending')]
    const group = { group_name: 'deploy/prod', group_url: 'https://elsewhere.example.com', group_members: members }
    return { status: 200, body: ofRun ? { total_count: 1, concurrency_groups: [group] } : group }
  }
  expect(await quietAfterLook(id)).toBe(
    'The run is queued in the concurrency group “deploy/prod”, behind run 42 and another run.',
  )
  expect(askedBeside()).toEqual([
    `runs/${run}/concurrency_groups?per_page=100`,
    `concurrency_groups/deploy%2Fprod?ahead_of_run=${run}`,
  ])
})

it('a job that waits for a runner says since when, and for which labels', async () => {
  const id = await newDeploy()
  const created_at = ago(3)
  gitHubHas('queued', null, { labels: ['self-hosted'], created_at })
  expect(await quietAfterLook(id)).toBe(
    `The job “ship” has been waiting for a runner with “self-hosted” since ${minuteOf(created_at)} UTC.`,
  )
})

it('a run that GitHub cancelled while it was queued says so, and that nobody cancelled it here', async () => {
  const id = await newDeploy()
  gitHubHas('pending')
  github.script.onConcurrency = ({ path }) => {
    const members = [
      { run_id: 41, status: 'in_progress' },
      { run_id: run, status: 'pending', job_id: 9 },
    ]
    const group = { group_name: 'prod', group_members: path.includes('/runs/') ? members.slice(1) : members }
    return { status: 200, body: path.includes('/runs/') ? { concurrency_groups: [group] } : group }
  }
  expect(await quietAfterLook(id)).toBe('The run is queued in the concurrency group “prod”, behind run 41.')
  expect(askedBeside().at(-1)).toBe('concurrency_groups/prod?ahead_of_job=9')
  gitHubHas('completed', 'cancelled')
  expect(await quietAfterLook(id)).toContain(
    'The run was cancelled on GitHub before a job ran, and nobody cancelled it here.',
  )
})

it('a run that never started says so', async () => {
  const id = await newDeploy()
  gitHubHas('completed', 'startup_failure', null)
  expect(await quietAfterLook(id)).toMatch(/^The run never started/)
})

it('a deploy whose callbacks have ceased says when the last one came', async () => {
  const id = await newDeploy()
  const then = { ...console_.deps, now: () => new Date(Date.now() - 120_000) }
  await receiveCallback(then, signedCallback(id, { status: 'building', run_id: String(run) }, { at: then.now() }), id)
  gitHubHas('in_progress')
  expect(await quietAfterLook(id)).toMatch(/^The last callback came at .* UTC\.$/)
})

it('while GitHub does not answer, the deploy says since when, and nothing that was read before', async () => {
  const id = await newDeploy()
  gitHubHas('waiting')
  github.script.onPendingDeployments = () => ({ status: 200, body: pending({ reviewers }) })
  expect(await quietAfterLook(id)).not.toBeNull()
  github.script.onRun = () => answers.serverError()
  await reconcileDeploy(console_.deps, id).catch(() => undefined)
  const { quiet, warnings } = await getDeploy(console_.deps, id)
  expect(quiet).toBeNull()
  expect(warnings[0]).toMatch(/^GitHub has not answered about this deploy since/)
})

it('what cannot be read is left out, and the look still counts', async () => {
  const id = await newDeploy()
  gitHubHas('pending')
  expect(await quietAfterLook(id)).toBeNull()
  gitHubHas('waiting')
  for (const answer of [answers.serverError(), answers.forbidden, { status: 200, body: { no: 'list' } }]) {
    github.script.onPendingDeployments = () => answer
    expect(await quietAfterLook(id)).toBeNull()
  }
  expect((await getDeploy(console_.deps, id)).runAttempts[0]?.jobs[0]?.status).toBe('waiting')
})

it('a run that is not quiet costs no additional request', async () => {
  const id = await newDeploy()
  for (const status of ['in_progress', 'queued', 'completed']) {
    gitHubHas(status, status === 'completed' ? 'success' : null)
    await reconcileDeploy(console_.deps, id)
  }
  expect(askedBeside()).toEqual([])
})
