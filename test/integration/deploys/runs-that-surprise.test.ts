import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { createDeps, type Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'
import { findOutsideRuns } from '~/server/surfaces/follow/find-outside-runs'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { reconcileSilentDeploys } from '~/server/worker/reconciler'
import { queueLooks } from '~/server/worker/tasks'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { endAllDeploys } from '~test/support/move-deploy'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import {
  type Answer,
  answers,
  jobsAnswer,
  listedRun,
  runAnswer,
  startScriptedGitHub,
} from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let healthy: typeof github.script

beforeAll(async () => {
  github = await startScriptedGitHub()
  healthy = { ...github.script }
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
})
beforeEach(async () => {
  Object.assign(github.script, healthy)
  github.requests.length = 0
  await endAllDeploys(console_.deps.db)
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const deployAt = (id: string) => console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)
const send = (id: string, body: object) => receiveCallback(console_.deps, signedCallback(id, body), id)
const dispatchTo = ({ id, confirm }: { readonly id: string; readonly confirm: string }) =>
  dispatchDeploy(console_.deps, OPERATOR, {
    surfaceId: id,
    ref: 'main',
    confirmation: confirm,
    idempotencyKey: randomUUID(),
  })
const notesOf = async (id: string) => (await getDeploy(console_.deps, id)).timeline.map(({ note }) => note).join('\n')
/** Fields of a run in GitHub's list besides its id and title. */
const listed = {
  run_number: 1,
  event: 'workflow_dispatch',
  status: 'in_progress',
  conclusion: null,
  created_at: '2026-11-21T10:00:00Z',
}
const deployed = jobsAnswer({ deploy: 'success' })
const skipped = jobsAnswer({ deploy: 'skipped' })
const noJobs = jobsAnswer({})

describe('a run that was started again on GitHub', () => {
  it('an unfinished deploy follows the latest attempt of its run, and the timeline says so once', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 7n })
    github.script.onJobs = () => noJobs
    github.script.onRun = () => runAnswer(null, 2)
    await reconcileDeploy(console_.deps, id)
    await reconcileDeploy(console_.deps, id)
    expect(await deployAt(id)).toMatchObject({ status: 'building', githubRunAttempt: 2 })
    expect((await notesOf(id)).match(/follows the latest attempt/g)).toHaveLength(1)
    github.script.onRun = () => runAnswer('success', 2)
    github.script.onJobs = () => deployed
    await reconcileDeploy(console_.deps, id)
    expect((await deployAt(id)).status).toBe('succeeded')
  })

  it('a new attempt after the end of the deploy does not move the deploy, and holds the surface', async () => {
    const { id } = await insertDeployAt(console_.deps, 'failed', { githubRunId: 7n })
    await console_.deps.db.deploy.update({ where: { id }, data: { githubRunAttempt: 1 } })
    const again = { run_id: '7', run_attempt: 2, log_line: 'again' }
    expect((await send(id, { ...again, status: 'smoke_gate_started' })).status).toBe(422)
    expect((await send(id, { ...again, status: 'succeeded' })).status).toBe(422)
    expect(await deployAt(id)).toMatchObject({ status: 'failed', githubRunAttempt: 2, holdsSurface: true })
    expect((await notesOf(id)).match(/had ended and keeps its status/g)).toHaveLength(1)
    expect(await queuedJobs(console_.deps)).toContainEqual(expect.objectContaining({ key: `reconcile_deploy:${id}` }))
    await runQueue(console_.deps)
  })

  it("`shipped` changes from no to unknown while a new attempt runs, and to yes once GitHub's record proves it", async () => {
    const { deps } = console_
    const { id, surface } = await insertDeployAt(deps, 'dispatched', { githubRunId: 7n })
    github.script.onRun = () => runAnswer('success')
    github.script.onJobs = () => skipped
    await reconcileDeploy(deps, id)
    expect(await getDeploy(deps, id)).toMatchObject({ status: 'failed', shipped: 'no', headline: 'Failed' })
    expect((await getDeploy(deps, id)).sentences).toEqual([
      'Nothing was deployed: GitHub’s record shows that the deploy phase did not start.',
    ])

    const runs = [{ ...listed, ...listedRun(7, `Deploy [${id}]`), run_attempt: 2 }]
    github.script.onListRuns = () => ({ status: 200, body: { workflow_runs: runs } })
    github.script.onRun = () => runAnswer(null, 2)
    github.script.onJobs = () => noJobs
    await findOutsideRuns(deps)
    await runQueue(deps)
    const meanwhile = await getDeploy(deps, id)
    expect(meanwhile).toMatchObject({ status: 'failed', shipped: 'unknown' })
    expect(meanwhile.sentences.join(' ')).toContain(
      'Run 7 was started again (attempt 2) after this deploy had ended. The surface is held',
    )
    expect(meanwhile.sentences.join(' ')).not.toContain('Nothing was deployed')
    await expect(dispatchTo(surface)).rejects.toMatchObject({
      code: 'surface_busy',
      details: { deploy_id: id, run_id: '7' },
    })

    github.script.onRun = () => runAnswer('success', 2)
    github.script.onJobs = () => deployed
    await reconcileDeploy(deps, id)
    expect(await getDeploy(deps, id)).toMatchObject({ status: 'failed', shipped: 'yes' })
    expect(await deployAt(id)).toMatchObject({ shipped: 'yes', holdsSurface: false })
    await expect(dispatchTo(surface)).resolves.toMatchObject({ status: 'dispatched' })
  })

  it('the attempt of a deploy never decreases', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 7n })
    await send(id, { status: 'building', run_id: '7', run_attempt: 2 })
    await send(id, { status: 'deploying', run_id: '7', run_attempt: 1 })
    expect(await deployAt(id)).toMatchObject({ githubRunAttempt: 2 })
  })

  it('a callback of an earlier attempt is refused with 422, keeps its log line, and queues a look at GitHub', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 7n })
    await send(id, { status: 'building', run_id: '7', run_attempt: 2 })
    const late = await send(id, { status: 'failed', run_id: '7', run_attempt: 1, log_line: 'tests failed' })
    expect(late.status).toBe(422)
    expect(await late.json()).toMatchObject({ code: 'attempt_superseded', from: 'building', to: 'failed' })
    const view = await getDeploy(console_.deps, id)
    expect(view).toMatchObject({ status: 'building', failureStage: null, runAttempt: 2 })
    expect(view.logTail.map(({ line }) => line)).toEqual(['tests failed'])
    expect(view.timeline.map(({ note }) => note).join('\n')).toContain(
      'Refused callback “failed” of an earlier attempt',
    )
    expect(await queuedJobs(console_.deps)).toContainEqual(expect.objectContaining({ key: `reconcile_deploy:${id}` }))
    // A repeated status is accepted from any attempt, and the latest attempt still ends the deploy.
    expect((await send(id, { status: 'building', run_id: '7', run_attempt: 1 })).status).toBe(200)
    expect((await send(id, { status: 'failed', run_id: '7', run_attempt: 2 })).status).toBe(200)
    await runQueue(console_.deps)
  })
})

describe("two runs with one deploy's id", () => {
  const twoRuns = (id: string): Answer => ({
    status: 200,
    body: { workflow_runs: [listedRun(12, `Deploy [${id}]`), listedRun(11, `Deploy [${id}]`)] },
  })

  it('two runs found by their title raise one alarm, and the deploy follows one of them', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    github.script.onListRuns = () => twoRuns(id)
    await getDeploy(console_.deps, id)
    await console_.deps.db.deploy.update({ where: { id }, data: { githubRunId: null } })
    await reconcileDeploy(console_.deps, id)
    const view = await getDeploy(console_.deps, id)
    expect(view).toMatchObject({ status: 'dispatched', runId: '12' })
    expect(view.warnings).toEqual([expect.stringContaining('2 runs for this deploy: 12, 11')])
    expect(view.timeline.filter(({ action }) => action === 'console.deploy.runs_duplicated')).toHaveLength(1)
  })

  it('a second run raises the alarm even if GitHub named the first run in its answer', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'building', { githubRunId: 12n })
    const quiet = await insertDeployAt(deps, 'building', { githubRunId: 13n })
    const runs = [
      { ...listed, ...listedRun(14, `Deploy [${quiet.id}]`), event: 'push' },
      { ...listed, ...listedRun(13, `Deploy [${quiet.id}]`) },
      { ...listed, ...listedRun(12, `Deploy [${id}]`) },
      { ...listed, ...listedRun(11, `Deploy [${id}]`) },
    ]
    github.script.onListRuns = () => ({ status: 200, body: { workflow_runs: runs } })
    await findOutsideRuns(deps)
    await findOutsideRuns(deps)
    const view = await getDeploy(deps, id)
    expect(view).toMatchObject({ status: 'building', runId: '12' })
    expect(view.warnings).toEqual([expect.stringContaining('2 runs for this deploy: 12, 11')])
    expect(view.timeline.filter(({ action }) => action === 'console.deploy.runs_duplicated')).toHaveLength(1)
    expect((await getDeploy(deps, quiet.id)).warnings, 'a push whose title names the deploy is not its run').toEqual([])
  })

  it('a second run that is active after the end of the deploy holds the surface, and the deploy links to that run', async () => {
    const { deps } = console_
    const { id, surface } = await insertDeployAt(deps, 'failed', { githubRunId: 12n })
    const other = { ...listed, ...listedRun(11, `Deploy [${id}]`), status: 'in_progress', conclusion: null }
    github.script.onListRuns = () => ({ status: 200, body: { workflow_runs: [other] } })
    await findOutsideRuns(deps)
    const view = await getDeploy(deps, id)
    expect(view).toMatchObject({ runId: '12', hold: expect.stringContaining('run 11 is not proven to be over') })
    expect(view.lateRunUrl).toMatch(/\/actions\/runs\/11$/)
    expect(view.alarms).toEqual([expect.stringContaining('2 runs for this deploy: 12, 11')])
    expect((await listTiles(deps, [surface.id]))[0]?.held).toEqual({ deployId: id, runId: '11' })
  })

  it('a callback of a second run raises the alarm', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 12n })
    await send(id, { status: 'building', run_id: '11', run_attempt: 3 })
    const view = await getDeploy(console_.deps, id)
    expect(view.warnings).toEqual([expect.stringContaining('Run 11 reports to this deploy, which belongs to run 12')])
    expect(view.runAttempt).toBeNull()
  })
})

describe('GitHub’s rate limit', () => {
  const inAnHour = () => new Date(Date.now() + 3_600_000)
  const lastOfTheHour = (): Answer => ({
    ...(runAnswer(null) as object),
    status: 200,
    headers: {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.floor(inAnHour().getTime() / 1000)),
    },
  })
  const limits: [string, () => Answer][] = [
    ['no requests left', lastOfTheHour],
    ['429 with Retry-After', () => answers.secondaryLimit({ status: 429, retryAfter: 3600 })],
    ['403 and no requests left', () => answers.primaryLimit(inAnHour())],
  ]

  /** Each process keeps its own count of the rate limit, so each case gets a separate one. */
  const ownProcess = async (work: (deps: Deps) => Promise<void>) => {
    const deps = createDeps(console_.deps.config)
    await work(deps)
    await deps.db.$disconnect()
  }

  it.each(limits)('a pass stops at a rate limit (%s) and continues after the reset', async (_, answer) => {
    await ownProcess(async (deps) => {
      await insertDeployAt(deps, 'building', { githubRunId: 1n, requestedAt: minutesAgo(9) })
      await insertDeployAt(deps, 'building', { githubRunId: 2n, requestedAt: minutesAgo(5) })
      github.script.onRun = answer
      github.script.onJobs = () => noJobs
      await reconcileSilentDeploys(deps)
      await reconcileSilentDeploys(deps)
      const runs = () => new Set(github.requests.map(({ path }) => path.match(/runs\/(\d+)/)?.[1]))
      expect(runs()).toEqual(new Set(['1']))

      github.script.onRun = () => runAnswer(null)
      await reconcileSilentDeploys({ ...deps, now: () => new Date(Date.now() + 3_601_000) })
      expect(runs()).toEqual(new Set(['1', '2']))
    })
  })

  it('looks at repositories stop at a rate limit, even those that were queued before, and continue after the reset', async () => {
    await ownProcess(async (deps) => {
      await insertDeployAt(deps, 'succeeded')
      await queueLooks(deps, { dueOnly: false })
      deps.github.rateLimit.observe({ status: 429, headers: { 'retry-after': '3600' } })
      await queueLooks(deps, { dueOnly: true })
      await runQueue(deps)
      expect(github.requests).toEqual([])
      const waiting = (await queuedJobs(deps)).map(({ task }) => task)
      expect(waiting).toEqual(expect.arrayContaining(['find_outside_runs', 'read_deploy_freeze']))

      await deps.db.$executeRaw`DELETE FROM graphile_worker._private_jobs`
      const afterReset = { ...deps, now: () => new Date(Date.now() + 3_601_000) }
      await queueLooks(afterReset, { dueOnly: false })
      await runQueue(afterReset)
      const asked = github.requests.map(({ path }) => path)
      for (const about of ['/runs?', '/variables/DEPLOY_FREEZE']) {
        expect(asked).toContainEqual(expect.stringContaining(about))
      }
    })
  })

  it("background looks stop at a fifth of the hour's requests, and looks at running deploys only below a tenth", async () => {
    await ownProcess(async (deps) => {
      const left = (remaining: number) => ({
        status: 200,
        headers: {
          'x-ratelimit-limit': '5000',
          'x-ratelimit-remaining': String(remaining),
          'x-ratelimit-reset': String(Math.floor(inAnHour().getTime() / 1000)),
        },
      })
      await insertDeployAt(deps, 'building', { githubRunId: 1n, requestedAt: minutesAgo(5) })
      deps.github.rateLimit.observe(left(1_000))
      await queueLooks(deps, { dueOnly: false })
      expect(await queuedJobs(deps)).toEqual([])
      await reconcileSilentDeploys(deps)
      expect(github.requests.map(({ path }) => path.match(/runs\/(\d+)/)?.[1])).toContain('1')

      github.requests.length = 0
      deps.github.rateLimit.observe(left(499))
      await reconcileSilentDeploys({ ...deps, now: () => new Date(Date.now() + 60_000) })
      expect(github.requests).toEqual([])
    })
  })

  it('a queued look waits for the reset, and polls do not look for a run until then', async () => {
    await ownProcess(async (deps) => {
      const reset = inAnHour().getTime() / 1000
      deps.github.rateLimit.observe({ status: 429, headers: { 'retry-after': '3600' } })
      const { id } = await insertDeployAt(deps, 'dispatched')
      await deps.db.$transaction((tx) => addJob(tx, { task: 'reconcile_deploy', payload: { deployId: id } }))
      await runQueue(deps)
      await getDeploy(deps, id)
      expect(github.requests).toEqual([])
      const [job] = await deps.db.$queryRaw<{ at: number }[]>`
        SELECT extract(epoch FROM run_at)::float AS at FROM graphile_worker.jobs WHERE key = ${`reconcile_deploy:${id}`}`
      expect(Math.abs((job?.at ?? 0) - reset)).toBeLessThan(30)
    })
  })
})
