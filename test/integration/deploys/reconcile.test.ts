import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import type { Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'
import { recordHearing } from '~/server/webhooks/webhook-hearings.sql'
import { reconcileSilentDeploys } from '~/server/worker/reconciler'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { endAllDeploys, moveDeploy } from '~test/support/move-deploy'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import {
  answers,
  jobsAnswer,
  listAnswer,
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
})
beforeEach(() => {
  Object.assign(github.script, healthy)
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const deployAt = (id: string) => console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })
const reconciledStatuses = async (id: string) =>
  (
    await console_.deps.db.auditEvent.findMany({
      where: { deployId: id, action: 'console.deploy.reconciled' },
      orderBy: { id: 'asc' },
    })
  ).map(({ status }) => status)

/** Ends and releases every deploy, so that no later test finds it. */
const releaseSurfaces = () => endAllDeploys(console_.deps.db)
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)

function gitHubHasRun(conclusion: string | null, jobs: Parameters<typeof jobsAnswer>[0] = {}) {
  github.script.onRun = () => runAnswer(conclusion)
  github.script.onJobs = () => jobsAnswer(jobs)
}

describe('the next look at the run of an active deploy', () => {
  // In the future, so that the next look is not due before the queue is empty.
  const at = new Date(Date.now() + 3_600_000)

  /** How long after a look the next one is queued; null if none is. */
  async function pauseAfterLook(minutesOld: number, of: Deps = console_.deps) {
    const deps = { ...of, now: () => at }
    const requestedAt = new Date(at.getTime() - minutesOld * 60_000)
    const { id } = await insertDeployAt(deps, 'deploying', { githubRunId: 7n, requestedAt })
    gitHubHasRun(null)
    await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId: id } })
    await runQueue(deps)
    const next = (await queuedJobs(deps)).find(({ key }) => key === `reconcile_deploy:${id}`)
    return next === undefined ? null : next.runAt.getTime() - at.getTime()
  }

  it.each([
    ['four seconds later while the deploy is young', 1, 4_000],
    ['ten seconds later in the first quarter of an hour', 5, 10_000],
    ['left to the pass of every minute after that', 16, null],
  ])('is %s, as long as no webhooks tell of its jobs', async (_, minutesOld, pause) => {
    expect(await pauseAfterLook(minutesOld)).toBe(pause)
  })

  it('is not queued while less than the share of people is left of GitHub’s hour', async () => {
    const { around } = github.script
    const reset = String(Math.floor(at.getTime() / 1000) + 1_800)
    const headers = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '1200', 'x-ratelimit-reset': reset }
    github.script.around = async (asked, answer) => {
      const answered = await around(asked, answer)
      return answered === 'hang up' ? answered : { ...answered, headers }
    }
    const scarce = await createTestConsole({ githubApiUrl: github.apiUrl })
    expect(await pauseAfterLook(1, scarce.deps)).toBeNull()
    await scarce.close()
  })

  it('is not queued while webhooks of the repository arrive', async () => {
    const heard = { repository: 'acme/platform', subjects: ['runs' as const], event: 'workflow_job', at }
    await recordHearing(console_.deps.db, heard)
    expect(await pauseAfterLook(1)).toBeNull()
    await console_.deps.db.webhookHearing.deleteMany()
  })
})

describe('a callback that skips a status', () => {
  it("a callback that skips a status is refused, keeps its log line, and GitHub's record supplies the steps in order", async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'smoke_gate_started', { githubRunId: 7n })
    gitHubHasRun(null, {
      smoke: { 'Notify — smoke gate started': 'success', 'Notify — smoke gate passed': 'success' },
      deploy: { 'Notify — building': null },
    })
    const response = await receiveCallback(deps, signedCallback(id, { status: 'building', log_line: 'kept' }), id)
    expect(response.status).toBe(422)
    await runQueue(deps)
    expect((await deployAt(id)).status).toBe('building')
    expect(await reconciledStatuses(id)).toEqual(['smoke_gate_passed', 'building'])
    expect(await deps.db.deployLogLine.count({ where: { deployId: id } })).toBe(1)
  })
})

describe('a run that ended without its last callback', () => {
  it.each([
    ['success', 'succeeded', null],
    ['cancelled', 'cancelled', null],
    ['timed_out', 'timed_out', null],
    ['failure', 'failed', 'health_check_failed'],
  ])(
    'a run that ended with %s and no last callback ends the deploy as %s',
    async (conclusion, status, failureStage) => {
      const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 7n })
      gitHubHasRun(conclusion, { deploy: { 'Health check': conclusion } })
      await reconcileDeploy(console_.deps, id)
      const finishedAt = new Date('2026-11-21T10:05:00Z')
      expect(await deployAt(id), 'ended when the run did').toMatchObject({ status, failureStage, finishedAt })
      expect(await reconciledStatuses(id)).toEqual([status])
    },
  )
})

describe('finding the run of a dispatch whose outcome is unknown', () => {
  it('a dispatch without an answer takes the run that carries its id, and is not sent again', async () => {
    const { id } = await insertDeployAt(console_.deps, 'requested')
    github.script.onListRuns = () => ({
      status: 200,
      body: { workflow_runs: [listedRun(9007199254740993n, `Deploy [${id}]`)] },
    })
    gitHubHasRun(null)
    await reconcileDeploy(console_.deps, id)
    expect(await deployAt(id)).toMatchObject({ status: 'dispatched', githubRunId: 9007199254740993n })
    expect(github.dispatches()).toEqual([])
  })

  it.each([
    ['a minute after the request, before 150 others', { ours: 299, others: (n: number) => 280 - n, count: 150 }],
    [
      'a minute after the request, within the same minute as 150 others',
      { ours: 299, others: (n: number) => 298 - n / 1000, count: 150 },
    ],
    ['two hours after the request, before 150 others', { ours: 180, others: (n: number) => 170 - n, count: 150 }],
    ['two hours after the request, among 950 others', { ours: 180, others: (n: number) => 284 - n / 4, count: 950 }],
  ])('a dispatch without an answer finds its run that GitHub created %s', async (_, { ours, others, count }) => {
    const { id } = await insertDeployAt(console_.deps, 'requested', { requestedAt: minutesAgo(300) })
    const created = (minutes: number) => ({ created_at: minutesAgo(minutes).toISOString() })
    const newer = Array.from({ length: count }, (_, n) => ({
      ...listedRun(1_000 + n, 'Deploy x'),
      ...created(others(n)),
    }))
    github.script.onListRuns = listAnswer([...newer, { ...listedRun(1, `Deploy [${id}]`), ...created(ours) }])
    gitHubHasRun(null)
    await reconcileDeploy(console_.deps, id)
    expect(await deployAt(id)).toMatchObject({ status: 'dispatched', githubRunId: 1n })
    await releaseSurfaces()
  })

  it('the search for a run stops after twenty requests', async () => {
    const { id } = await insertDeployAt(console_.deps, 'requested', { requestedAt: minutesAgo(20) })
    const page = Array.from({ length: 100 }, (_, n) => listedRun(1_000 + n, 'Deploy something else'))
    github.script.onListRuns = () => ({ status: 200, body: { workflow_runs: page } })
    await reconcileDeploy(console_.deps, id)
    expect(github.requests).toHaveLength(20)
    expect(await deployAt(id)).toMatchObject({ status: 'requested', githubRunId: null })
    await releaseSurfaces()
  })

  it('a run that only a refused callback named is followed to its status', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'requested')
    gitHubHasRun('success', { deploy: 'success' })
    await receiveCallback(deps, signedCallback(id, { status: 'deploying', run_id: '777' }), id)
    await runQueue(deps)
    expect(await deployAt(id)).toMatchObject({ status: 'succeeded', githubRunId: 777n })
  })

  it('a callback that arrives during the search for a run moves the deploy', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'requested', { requestedAt: minutesAgo(11) })
    github.script.onListRuns = async () => {
      await receiveCallback(deps, signedCallback(id, { status: 'building' }), id)
      return { status: 200, body: { workflow_runs: [] } }
    }
    await reconcileDeploy(deps, id)
    expect((await deployAt(id)).status).toBe('building')
  })
})

describe('a deploy without a run at its time limit', () => {
  it.each(['requested', 'dispatched'] as const)(
    "a deploy without a run at %s times out at the surface's limit, blames no phase, holds the surface, and is never sent again",
    async (status) => {
      const young = await insertDeployAt(console_.deps, status, { requestedAt: minutesAgo(29) })
      const old = await insertDeployAt(console_.deps, status, { requestedAt: minutesAgo(31) })
      await reconcileDeploy(console_.deps, young.id)
      await reconcileDeploy(console_.deps, old.id)
      expect(await deployAt(young.id)).toMatchObject({ status })
      expect(await deployAt(old.id)).toMatchObject({
        status: 'timed_out',
        failureStage: null,
        failureDetail: 'No run was seen in 30 minutes.',
        shipped: 'unknown',
        holdsSurface: true,
      })
      expect(github.dispatches()).toEqual([])
      await releaseSurfaces()
    },
  )

  it("a deploy whose run GitHub answers with 404 times out at the surface's limit", async () => {
    const young = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 7n, requestedAt: minutesAgo(29) })
    const old = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 8n, requestedAt: minutesAgo(31) })
    await reconcileDeploy(console_.deps, young.id)
    await reconcileDeploy(console_.deps, old.id)
    expect((await deployAt(young.id)).status).toBe('dispatched')
    expect(await deployAt(old.id)).toMatchObject({ status: 'timed_out', holdsSurface: true })
    await releaseSurfaces()
  })
})

describe('a 404 from GitHub', () => {
  const notShown = () => {
    github.script.onListRuns = () => answers.notFound
    github.script.onRepository = () => answers.notFound
  }

  it('a 404 for a run ends no deploy while the repository itself answers 404, however old the deploy is', async () => {
    const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 7n, requestedAt: minutesAgo(600) })
    notShown()
    await expect(reconcileDeploy(console_.deps, id)).rejects.toMatchObject({ status: 404 })
    expect((await deployAt(id)).status).toBe('deploying')
  })

  it('a 404 for the jobs alone does not end the deploy', async () => {
    const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 7n, requestedAt: minutesAgo(600) })
    gitHubHasRun(null)
    github.script.onJobs = () => answers.notFound
    await expect(reconcileDeploy(console_.deps, id)).rejects.toMatchObject({ status: 404 })
    expect((await deployAt(id)).status).toBe('deploying')
  })

  it.each(['requested', 'dispatched'] as const)(
    'a 404 for a workflow leaves a deploy at %s while the repository itself answers 404, however old the deploy is',
    async (status) => {
      const { id } = await insertDeployAt(console_.deps, status, { requestedAt: minutesAgo(600) })
      notShown()
      await expect(reconcileDeploy(console_.deps, id)).rejects.toMatchObject({ status: 404 })
      expect((await deployAt(id)).status).toBe(status)
    },
  )

  it.each(['requested', 'dispatched'] as const)(
    'a 404 for a workflow that its repository no longer has lets a deploy at %s time out at its limit',
    async (from) => {
      const young = await insertDeployAt(console_.deps, from, { requestedAt: minutesAgo(29) })
      const old = await insertDeployAt(console_.deps, from, { requestedAt: minutesAgo(31) })
      github.script.onListRuns = () => answers.notFound
      await reconcileDeploy(console_.deps, young.id)
      await reconcileDeploy(console_.deps, old.id)
      expect((await deployAt(young.id)).status).toBe(from)
      expect((await deployAt(old.id)).status).toBe('timed_out')
      expect(github.dispatches()).toEqual([])
      await releaseSurfaces()
    },
  )
})

describe("GitHub's errors during a look", () => {
  it.each([
    ['500', answers.serverError(500)],
    ['an unexpected body', { status: 200, body: 'x' }],
    ['a broken connection', 'hang up' as const],
  ])('a deploy does not time out while GitHub answers with %s, however old it is', async (_, answer) => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched', { requestedAt: minutesAgo(600) })
    github.script.onListRuns = () => answer
    await reconcileSilentDeploys(console_.deps)
    expect((await deployAt(id)).status).toBe('dispatched')
    await moveDeploy(console_.deps.db, id, 'failed')
  })

  it.each([
    ['a pass', (deps: Deps) => reconcileSilentDeploys(deps, undefined, 0)],
    [
      'a queued look',
      async (deps: Deps, id: string) => {
        await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId: id } })
        await runQueue(deps)
      },
    ],
  ])(
    'a deploy says since when GitHub has not answered, from the first failed look of %s to the first answer',
    async (_, look) => {
      const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 7n, requestedAt: minutesAgo(600) })
      const lookAt = async (at: string) => {
        await look({ ...console_.deps, now: () => new Date(at) }, id)
        return getDeploy(console_.deps, id)
      }
      const said =
        'GitHub has not answered about this deploy since 2099-11-28 14:03 UTC. The status stays as it was. The console keeps asking.'
      github.script.onRun = () => answers.serverError()
      expect(await lookAt('2099-11-28T14:03:20Z')).toMatchObject({ status: 'building', warnings: [said], alarms: [] })
      github.script.onRun = () => 'hang up'
      expect(await lookAt('2099-11-28T16:00:00Z')).toMatchObject({ status: 'building', warnings: [said] })
      gitHubHasRun(null)
      expect(await lookAt('2099-11-28T16:01:00Z')).toMatchObject({ status: 'building', warnings: [] })
      await releaseSurfaces()
    },
  )
})

describe('a pass of the reconciler', () => {
  it('a pass asks GitHub only about unfinished deploys that were silent for a minute, and once a minute', async () => {
    await endAllDeploys(console_.deps.db)
    await insertDeployAt(console_.deps, 'building', { githubRunId: 1n })
    await insertDeployAt(console_.deps, 'succeeded', { githubRunId: 2n, requestedAt: minutesAgo(5) })
    await insertDeployAt(console_.deps, 'building', { githubRunId: 3n, requestedAt: minutesAgo(5) })
    gitHubHasRun(null)
    await reconcileSilentDeploys(console_.deps)
    expect(github.requests.map(({ path }) => path.match(/runs\/(\d+)/)?.[1])).toEqual(['3', '3'])
    await reconcileSilentDeploys(console_.deps)
    expect(github.requests).toHaveLength(2)
  })

  it('a pass looks at a silent deploy a minute after the previous pass began, however late its turn was', async () => {
    await endAllDeploys(console_.deps.db)
    const start = Date.now()
    await insertDeployAt(console_.deps, 'building', { githubRunId: 3n, requestedAt: minutesAgo(5) })
    gitHubHasRun(null)
    // The clock first reads the start of the pass, and afterwards the latest moment at which a look may begin.
    const reconcileAt = (at: number) => {
      const readings = [at]
      return reconcileSilentDeploys({ ...console_.deps, now: () => new Date(readings.pop() ?? at + 50_000) })
    }
    await reconcileAt(start)
    expect(github.requests).toHaveLength(2)
    await reconcileAt(start + 60_000)
    expect(github.requests).toHaveLength(4)
  })

  it('a pass looks at a deploy although GitHub does not answer for fifty deploys before it', async () => {
    await endAllDeploys(console_.deps.db)
    for (let index = 0; index < 50; index += 1) {
      await insertDeployAt(console_.deps, 'dispatched', { requestedAt: minutesAgo(30) })
    }
    const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 3n, requestedAt: minutesAgo(5) })
    github.script.onListRuns = () => answers.notFound
    github.script.onRepository = () => answers.notFound
    gitHubHasRun('success')
    await reconcileSilentDeploys(console_.deps)
    await reconcileSilentDeploys(console_.deps)
    expect((await deployAt(id)).status).toBe('succeeded')
    await endAllDeploys(console_.deps.db)
  })

  it('a pass does not change a deploy with an unknown status', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 5n, requestedAt: minutesAgo(5) })
    await console_.deps.db.$executeRaw`ALTER TABLE console_deploys DROP CONSTRAINT console_deploys_status_check`
    await console_.deps.db.$executeRaw`UPDATE console_deploys SET status = 'canary_started' WHERE id = ${id}::uuid`
    gitHubHasRun('success')
    await reconcileSilentDeploys(console_.deps)
    expect((await deployAt(id)).status).toBe('canary_started')
  })
})
