import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { cancelDeploy } from '~/server/deploys/cancel/cancel-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { createDeps } from '~/server/deps'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import {
  answerInTurn,
  answers,
  holdAnswer,
  jobsAnswer,
  listedRun,
  runAnswer,
  startScriptedGitHub,
  untilEvent,
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
beforeEach(async () => {
  Object.assign(github.script, healthy)
  github.script.onRun = () => runAnswer(null)
  github.script.onJobs = () => jobsAnswer({})
  github.requests.length = 0
  await console_.deps.db.$executeRaw`DELETE FROM graphile_worker._private_jobs`
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const cancel = (id: string) => cancelDeploy(console_.deps, actorNamed('ada'), id)
const view = (id: string) => getDeploy(console_.deps, id)
const actions = async (id: string) => (await view(id)).timeline.map(({ action }) => action.split('.').at(-1))
/** Runs the queue with every job due, instead of in a few seconds. */
const workNow = async () => {
  await console_.deps.db.$executeRaw`UPDATE graphile_worker._private_jobs SET run_at = now()`
  await runQueue(console_.deps)
}

describe('cancelling a deploy', () => {
  it("a cancel ends the deploy only once GitHub's record says that the run was cancelled", async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 9007199254740993n })
    await receiveCallback(console_.deps, signedCallback(id, { status: 'building', run_id: '9007199254740993' }), id)
    let atGitHub: unknown
    github.script.onCancel = async () => {
      atGitHub = await actions(id)
      return { status: 202, body: {} }
    }
    const answer = await cancel(id)
    expect(atGitHub).toEqual(['callback', 'cancel_requested'])
    expect(github.cancels().map(({ path }) => path)).toEqual([
      '/api/v3/repos/acme/platform/actions/runs/9007199254740993/cancel',
    ])
    expect(answer).toMatchObject({ status: 'building', cancel: { askedBy: 'ada', acknowledgedAt: expect.any(String) } })

    await workNow()
    expect(await view(id)).toMatchObject({ status: 'building', cancel: { askedBy: 'ada' } })
    github.script.onRun = () => runAnswer('cancelled')
    await workNow()
    const ended = await view(id)
    expect(ended.status).toBe('cancelled')
    expect(ended.phases.map(({ state }) => state)).toEqual(['skipped', 'skipped', 'cancelled', 'unknown'])
    expect(await actions(id)).toEqual(['callback', 'cancel_requested', 'cancel_acknowledged', 'reconciled'])
    expect(await queuedJobs(console_.deps)).toEqual([])
  })

  it('two cancels at once ask GitHub once and record one request', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 7n })
    await Promise.all([cancel(id), cancel(id)])
    await cancel(id)
    expect(await actions(id)).toEqual(['cancel_requested', 'cancel_acknowledged'])
    github.script.onRun = () => runAnswer('cancelled')
    await workNow()
    expect(await cancel(id)).toMatchObject({ status: 'cancelled' })
  })

  it('a deploy that succeeds during its cancel is shown as succeeded, because GitHub’s record decides', async () => {
    const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 7n })
    github.script.onCancel = () => ({ status: 409, body: { message: 'Cannot cancel a run that is completed.' } })
    github.script.onRun = () => runAnswer('success')
    expect(await cancel(id)).toMatchObject({ status: 'deploying', cancel: { acknowledgedAt: null } })
    await runQueue(console_.deps)
    expect((await view(id)).status).toBe('succeeded')
  })

  it.each([
    ['500', answers.serverError(500)],
    ['a broken connection', 'hang up' as const],
    ['404', answers.notFound],
    ['an HTML page', answers.html(200)],
    ['an undocumented status', { status: 418, body: {} }],
  ] as const)('a cancel that GitHub answers with %s is kept and sent again', async (_, answer) => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 7n })
    github.script.onCancel = answerInTurn(answer, healthy.onCancel)
    expect(await cancel(id)).toMatchObject({ status: 'building', cancel: { acknowledgedAt: null } })
    await workNow()
    expect((await view(id)).cancel?.acknowledgedAt).not.toBeNull()
    expect(github.cancels()).toHaveLength(2)
  })

  it.each([
    ['502', answers.serverError(502)],
    ['a broken connection', 'hang up' as const],
  ])(
    'a cancel that GitHub answers with %s is retried until GitHub accepts it, and is audited as delayed once',
    async (_, answer) => {
      const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 7n })
      github.script.onCancel = answerInTurn(answer, answer, answer, healthy.onCancel)
      await cancel(id)
      const said = expect.stringMatching(
        /^GitHub did not answer the cancellation \(.+\)\. The request to cancel is kept\. The console sends it again\.$/,
      )
      expect((await view(id)).warnings).toEqual([said])
      await workNow()
      await workNow()
      expect((await view(id)).warnings).toEqual([said])
      await workNow()
      expect((await view(id)).warnings).toEqual([])
      expect(await actions(id)).toEqual(['cancel_requested', 'cancel_delayed', 'cancel_acknowledged'])
    },
  )

  it.each([
    ['403 and no requests left', answers.primaryLimit(new Date(Date.now() + 3_600_000))],
    ['429', answers.primaryLimit(new Date(Date.now() + 3_600_000), 429)],
    ['a secondary limit with retry-after', answers.secondaryLimit({ retryAfter: 3600 })],
    ['a secondary limit without a time', answers.secondaryLimit()],
  ])('a cancel that meets a rate limit (%s) is kept and retried after the limit', async (_, limited) => {
    const deps = createDeps(console_.deps.config)
    const { id } = await insertDeployAt(deps, 'building', { githubRunId: 7n })
    github.script.onCancel = answerInTurn(limited, healthy.onCancel)
    expect(await cancelDeploy(deps, actorNamed('ada'), id)).toMatchObject({ cancel: { acknowledgedAt: null } })
    const [warning = ''] = (await view(id)).warnings
    expect(warning).toMatch(
      /rate limit .*until \d\d:\d\d UTC\. The request to cancel is kept\. The console sends it again after that time\./,
    )
    expect(warning).not.toMatch(/Nothing was started|goes on|permission|credentials/)

    await deps.db.$executeRaw`UPDATE graphile_worker._private_jobs SET run_at = now()`
    await runQueue(deps)
    expect(github.cancels()).toHaveLength(1)
    await deps.db.$executeRaw`UPDATE graphile_worker._private_jobs SET run_at = now()`
    await runQueue({ ...deps, now: () => new Date(Date.now() + 3_700_000) })
    expect(github.cancels()).toHaveLength(2)
    expect(await view(id)).toMatchObject({ cancel: { acknowledgedAt: expect.any(String) }, warnings: [] })
    await deps.db.$disconnect()
  })

  it('a cancel that GitHub refuses ends with the reason and can be requested again', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 7n })
    github.script.onCancel = () => answers.forbidden
    await expect(cancel(id)).rejects.toMatchObject({ code: 'github_refused' })
    expect(await view(id)).toMatchObject({
      cancel: null,
      warnings: [expect.stringContaining('not cancelled and continues. The console’s credentials may not')],
    })
    github.script.onCancel = healthy.onCancel
    await cancel(id)
    expect((await view(id)).warnings).toEqual([])
    expect(await actions(id)).toEqual(['cancel_requested', 'cancel_refused', 'cancel_requested', 'cancel_acknowledged'])
  })

  it('a cancel that was recorded right before a crash is still sent', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 7n })
    const death = holdAnswer('hang up')
    github.script.onCancel = death
    const dying = cancel(id)
    await death.asked
    github.script.onCancel = healthy.onCancel
    await workNow()
    expect(await actions(id)).toEqual(['cancel_requested', 'cancel_acknowledged'])
    death.release()
    await dying
  })

  it('a cancel of a deploy without a run is sent once GitHub lists the run', async () => {
    const { id } = await insertDeployAt(console_.deps, 'requested')
    const listed = untilEvent(healthy.onListRuns, {
      status: 200,
      body: { workflow_runs: [listedRun(5, `Deploy [${id}]`)] },
    })
    github.script.onListRuns = listed
    expect(await cancel(id)).toMatchObject({ status: 'requested', cancel: { acknowledgedAt: null } })
    await workNow()
    expect(github.cancels()).toEqual([])
    listed.happen()
    await workNow()
    expect(github.cancels()).toHaveLength(1)
    expect(await view(id)).toMatchObject({ status: 'dispatched', runId: '5' })
  })

  it('a deploy without a run times out despite its cancel, and is not shown as cancelled', async () => {
    const requestedAt = new Date(Date.now() - 31 * 60_000)
    const { id } = await insertDeployAt(console_.deps, 'requested', { requestedAt })
    await cancel(id)
    await workNow()
    expect(await view(id)).toMatchObject({ status: 'timed_out', failureStage: null, shipped: 'unknown' })
  })

  it('a cancel of an ended deploy is refused, and a cancel of an unknown deploy is answered 404', async () => {
    const { id } = await insertDeployAt(console_.deps, 'succeeded', { githubRunId: 7n })
    const caller = createCaller(createContextInner(console_.deps, actorNamed('ada')))
    await expect(caller.deploys.cancel({ id })).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(caller.deploys.cancel({ id: console_.deps.newId() })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(github.cancels()).toEqual([])
  })
})
