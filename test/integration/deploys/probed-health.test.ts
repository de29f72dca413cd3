import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { createDeps, type Deps } from '~/server/deps'
import { claimDueProbes } from '~/server/surfaces/probe/surface-probes.sql'
import { createProber } from '~/server/worker/prober'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { deferred } from '~test/support/deferred'
import { jobsAnswer, runAnswer, SHA, startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'

const BEFORE = 'b'.repeat(40)
const SECOND = 1_000

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let clock = Date.now()
let answer = { status: 200, version: BEFORE }
let whileAsked = async () => {}
const surface = createServer(async (_, response) => {
  await whileAsked()
  response.writeHead(answer.status).end(JSON.stringify({ version: answer.version }))
})

beforeAll(async () => {
  surface.listen(0, '127.0.0.1')
  await once(surface, 'listening')
  github = await startScriptedGitHub()
  const { deps, close } = await createTestConsole({ githubApiUrl: github.apiUrl })
  console_ = { deps: { ...deps, now: () => new Date(clock) }, close }
})
beforeEach(() => {
  answer = { status: 200, version: BEFORE }
  whileAsked = async () => {}
  github.script.onRun = () => runAnswer('success')
  github.script.onJobs = () => jobsAnswer({ apply: { Apply: 'success' } })
})
afterAll(async () => {
  surface.close()
  await console_.close()
  await github.close()
})

/** A deploy whose run is shipping, and whose surface declares `health_check: probe`. */
async function probedDeploy() {
  const { deps } = console_
  await deps.db.surface.updateMany({ data: { archivedAt: deps.now() } })
  const { id, surface: of } = await insertDeployAt(deps, 'building', { githubRunId: 7n })
  const address = surface.address()
  const healthUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/health`
  await deps.db.surface.update({ where: { id: of.id }, data: { healthUrl } })
  await deps.db.deploy.update({
    where: { id },
    data: { sha: SHA, phaseJobs: { deploy: ['apply'] }, probeSeconds: 120 },
  })
  return { id, surfaceId: of.id }
}

/** Asks the surface once, this long after it was asked last. */
async function probeAfter(seconds: number, workers: readonly Deps[] = [console_.deps]) {
  clock += seconds * SECOND
  const probers = workers.map((deps) => createProber({ ...deps, now: () => new Date(clock) }))
  await Promise.all(probers.map((prober) => prober.probeDue()))
  await Promise.all(probers.map((prober) => prober.idle()))
}

async function report(id: string, status: string) {
  const callback = signedCallback(id, { status, run_id: '7' }, { at: new Date(clock) })
  expect((await receiveCallback(console_.deps, callback, id)).status).toBe(200)
}

const view = (id: string) => getDeploy(console_.deps, id)
const phasesOf = async (id: string) => (await view(id)).phases.map(({ key, state }) => `${key} ${state}`)
const verdicts = (id: string) =>
  console_.deps.db.auditEvent.count({ where: { deployId: id, action: 'console.deploy.health_checked' } })

it('a deploy succeeds when its surface is healthy with the new version, and not with its run', async () => {
  const { id } = await probedDeploy()
  await reconcileDeploy(console_.deps, id)
  expect(await phasesOf(id)).toEqual([
    'smoke_gate skipped',
    'freeze_check skipped',
    'deploy done',
    'health_check active',
  ])
  expect((await view(id)).actions).toEqual(['open_run'])

  await probeAfter(3)
  answer = { status: 503, version: SHA }
  await probeAfter(3)
  await reconcileDeploy(console_.deps, id)
  expect(await view(id)).toMatchObject({ status: 'deploying', terminal: false })

  answer = { status: 200, version: SHA }
  await probeAfter(3)
  expect(await view(id)).toMatchObject({ status: 'succeeded', shipped: 'yes', settled: true })
  expect(await phasesOf(id)).toEqual(['smoke_gate skipped', 'freeze_check skipped', 'deploy done', 'health_check done'])
  expect((await view(id)).timeline.at(-1)?.note).toBe('The console asked the surface: it is healthy, reports aaaaaaa.')
})

it.each([
  ['is healthy, reports bbbbbbb', { status: 200, version: BEFORE }],
  ['answers HTTP 503, reports aaaaaaa', { status: 503, version: SHA }],
  ['is healthy, reports no version', { status: 200, version: 'dev' }],
])(
  'a deploy fails at its health check after the time limit, and keeps that the surface %s when it was asked last',
  async (seen, last) => {
    const { id } = await probedDeploy()
    await reconcileDeploy(console_.deps, id)
    answer = last
    await probeAfter(119)
    expect(await view(id)).toMatchObject({ status: 'deploying' })
    await probeAfter(11)
    expect(await view(id)).toMatchObject({
      status: 'failed',
      headline: 'Failed at Health check',
      failureStage: 'health_check_failed',
      failureDetail: `The surface did not become healthy with aaaaaaa within 120 s. When last asked, it ${seen}.`,
      shipped: 'yes',
      actions: ['roll_back', 'retry', 'open_run'],
    })
    expect(await phasesOf(id)).toEqual([
      'smoke_gate skipped',
      'freeze_check skipped',
      'deploy done',
      'health_check failed',
    ])
  },
)

it('several workers end a deploy once, also after a worker died while it asked', async () => {
  const { deps } = console_
  const { id, surfaceId } = await probedDeploy()
  await reconcileDeploy(deps, id)
  answer = { status: 200, version: SHA }
  clock += 3 * SECOND
  expect(await claimDueProbes(deps.db, 'deploying', 1, deps.now())).toMatchObject([{ id: surfaceId }])
  await probeAfter(3)
  expect(await verdicts(id)).toBe(0)

  const workers = [createDeps(deps.config), createDeps(deps.config), deps]
  await probeAfter(15, workers)
  expect([await verdicts(id), (await view(id)).status]).toEqual([1, 'succeeded'])
  await Promise.all(workers.slice(0, 2).map(({ db }) => db.$disconnect()))
})

it('an answer that arrives after the workflow ended its deploy changes nothing', async () => {
  const { deps } = console_
  const { id } = await probedDeploy()
  await reconcileDeploy(deps, id)
  clock += 3 * SECOND
  const asked = deferred()
  const ended = deferred()
  whileAsked = async () => {
    asked.resolve()
    await ended.promise
  }
  answer = { status: 200, version: SHA }
  const prober = createProber(deps)
  await prober.probeDue()
  await asked.promise
  await report(id, 'failed')
  ended.resolve()
  await prober.idle()
  expect([(await view(id)).status, await verdicts(id)]).toEqual(['failed', 0])
})

it('a deploy whose run goes on after a callback holds its surface until the run is over', async () => {
  const { deps } = console_
  const { id } = await probedDeploy()
  github.script.onRun = () => runAnswer(null)
  await report(id, 'deploying')
  answer = { status: 200, version: SHA }
  await probeAfter(3)
  expect(await view(id)).toMatchObject({ status: 'succeeded', actions: ['release', 'open_run'] })

  github.script.onRun = () => runAnswer('success')
  await reconcileDeploy(deps, id)
  expect(await view(id)).toMatchObject({ status: 'succeeded', actions: ['deploy_again', 'open_run'], alarms: [] })
})

it('a surface that leaves surfaces.yaml is asked until the health check of its deploy has ended', async () => {
  const { deps } = console_
  const { id, surfaceId } = await probedDeploy()
  await reconcileDeploy(deps, id)
  await deps.db.surface.update({ where: { id: surfaceId }, data: { archivedAt: deps.now() } })
  answer = { status: 200, version: SHA }
  await probeAfter(3)
  expect((await view(id)).status).toBe('succeeded')
})

it('a surface is asked every two seconds at first, and every ten seconds in a long health check', async () => {
  const { deps } = console_
  const { id, surfaceId } = await probedDeploy()
  await reconcileDeploy(deps, id)
  const start = clock
  const pauseAt = async (seconds: number) => {
    clock = start + seconds * SECOND
    await deps.db.surface.update({ where: { id: surfaceId }, data: { healthCheckedAt: deps.now() } })
    for (let pause = 1; pause < 60; pause += 1) {
      const claimed = await claimDueProbes(deps.db, 'deploying', 1, new Date(clock + pause * SECOND))
      await deps.db.surfaceProbe.updateMany({ data: { claimedUntil: null } })
      if (claimed.length > 0) return pause
    }
    return null
  }
  expect([await pauseAt(0), await pauseAt(18), await pauseAt(45), await pauseAt(110)]).toEqual([2, 2, 5, 10])
})
