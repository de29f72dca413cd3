import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { createDeps, type Deps } from '~/server/deps'
import { claimDueProbes } from '~/server/surfaces/probe/surface-probes.sql'
import { createProber } from '~/server/worker/prober'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { deferred } from '~test/support/deferred'
import { moveDeploy } from '~test/support/move-deploy'
import { runQueue } from '~test/support/run-queue'
import { gitRef, jobsAnswer, runAnswer, SHA, startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'

const BEFORE = 'b'.repeat(40)
const SECOND = 1_000

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let clock = Date.now()
let answer = { status: 200, version: BEFORE }
let whileAsked = async () => {}
/** The commits of the tags that GitHub knows. */
let tags: Record<string, string> = {}
const surface = createServer(async (_, response) => {
  await whileAsked()
  response.writeHead(answer.status).end(JSON.stringify({ version: answer.version }))
})

beforeAll(async () => {
  surface.listen(0, '127.0.0.1')
  await once(surface, 'listening')
  github = await startScriptedGitHub()
  const { onRef } = github.script
  github.script.onRef = (request) => {
    const name = request.path.split('/git/ref/tags%2F')[1] ?? ''
    const sha = tags[name]
    return sha === undefined ? onRef(request) : { status: 200, body: gitRef(`refs/tags/${name}`, sha) }
  }
  const { deps, close } = await createTestConsole({ githubApiUrl: github.apiUrl })
  console_ = { deps: { ...deps, now: () => new Date(clock) }, close }
})
beforeEach(() => {
  answer = { status: 200, version: BEFORE }
  whileAsked = async () => {}
  tags = {}
  github.requests.length = 0
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
  expect(await phasesOf(id)).toEqual(['smoke_gate absent', 'freeze_check absent', 'deploy done', 'health_check active'])
  expect((await view(id)).actions).toEqual(['open_run'])

  await probeAfter(3)
  answer = { status: 503, version: SHA }
  await probeAfter(3)
  await reconcileDeploy(console_.deps, id)
  expect(await view(id)).toMatchObject({ status: 'deploying', terminal: false })

  answer = { status: 200, version: SHA }
  await probeAfter(3)
  expect(await view(id)).toMatchObject({ status: 'succeeded', shipped: 'yes', settled: true })
  expect(await phasesOf(id)).toEqual(['smoke_gate absent', 'freeze_check absent', 'deploy done', 'health_check done'])
  expect((await view(id)).timeline.at(-1)?.note).toBe('The console asked the surface: it is healthy, reports aaaaaaa.')
})

it.each([
  ['is healthy, reports bbbbbbb', { status: 200, version: BEFORE }],
  ['answers HTTP 503, reports aaaaaaa', { status: 503, version: SHA }],
])(
  'a deploy fails at its health check after the time limit, and keeps that the surface %s when it was asked last',
  async (seen, last) => {
    const { id } = await probedDeploy()
    await reconcileDeploy(console_.deps, id)
    answer = last
    await probeAfter(3)
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
      'smoke_gate absent',
      'freeze_check absent',
      'deploy done',
      'health_check failed',
    ])
  },
)

it('a healthy surface that reports no version leaves it unknown whether its deploy succeeded', async () => {
  const { id } = await probedDeploy()
  await reconcileDeploy(console_.deps, id)
  answer = { status: 200, version: 'dev' }
  await probeAfter(3)
  await probeAfter(120)
  expect(await view(id)).toMatchObject({
    status: 'timed_out',
    headline: 'Timed out at Health check',
    failureDetail:
      'The surface is healthy, but after 120 s it is not known whether it runs aaaaaaa. When last asked, it is healthy, reports no version.',
    shipped: 'yes',
    actions: ['roll_back', 'retry', 'open_run'],
  })
  expect((await phasesOf(id)).slice(2)).toEqual(['deploy done', 'health_check timed_out'])
})

it.each(['declared', 'removed from surfaces.yaml'])(
  'the health check of a surface that is %s ends a deploy whose status an older version of the console wrote',
  async (state) => {
    const { deps } = console_
    const { id, surfaceId } = await probedDeploy()
    // An older version writes a status without a time limit for the health check.
    await moveDeploy(deps.db, id, 'deploying')
    await deps.db.deploy.update({ where: { id }, data: { lastEventAt: deps.now() } })
    if (state !== 'declared')
      await deps.db.surface.update({ where: { id: surfaceId }, data: { archivedAt: deps.now() } })
    await probeAfter(3)
    await probeAfter(119)
    expect((await view(id)).status).toBe('deploying')
    await probeAfter(10)
    expect(await view(id)).toMatchObject({ status: 'failed', failureStage: 'health_check_failed' })
  },
)

it('a deploy whose surface was released ends with its run, because nobody makes its health check', async () => {
  const { deps } = console_
  const { id } = await probedDeploy()
  await moveDeploy(deps.db, id, 'deploying')
  await deps.db.deploy.update({ where: { id }, data: { releasedAt: deps.now() } })
  await reconcileDeploy(deps, id)
  expect(await view(id)).toMatchObject({ status: 'succeeded' })
  expect((await phasesOf(id)).at(-1)).toBe('health_check skipped')
})

describe('a surface that reports a tag', () => {
  const reportsTags = { versionSource: { url: null, in: 'json', at: 'version', is: 'ref' } }
  const lookUps = () => github.requests.filter(({ path }) => path.includes('/git/ref/tags')).length

  async function tagDeploy(deploy: { ref?: string; workflowRef?: string; onMoved?: string } = {}, surface = {}) {
    const { deps } = console_
    const made = await probedDeploy()
    await deps.db.surface.update({ where: { id: made.surfaceId }, data: { ...reportsTags, ...surface } })
    await deps.db.deploy.update({ where: { id: made.id }, data: deploy })
    await reconcileDeploy(deps, made.id)
    return made
  }

  it.each([
    ['was chosen', { ref: 'refs/tags/v2' }],
    ['its run started on', { ref: SHA, workflowRef: 'refs/tags/v2', onMoved: 'cancel' }],
  ])('proves its deploy without a request to GitHub, if the tag is the one that %s', async (_, deploy) => {
    const { id } = await tagDeploy(deploy)
    answer = { status: 200, version: 'v2' }
    await probeAfter(3)
    expect([(await view(id)).status, lookUps()]).toEqual(['succeeded', 0])
  })

  it('proves its deploy once GitHub knows the tag, also while background reads are paused', async () => {
    const { deps } = console_
    const limitAt = (remaining: number) =>
      deps.github.rateLimit.learn({
        limit: 5000,
        remaining,
        resetAt: new Date(clock + 3600 * SECOND),
        notedAt: new Date(clock + remaining),
      })
    const { id } = await tagDeploy()
    limitAt(1000)
    onTestFinished(() => limitAt(5000))
    answer = { status: 200, version: 'v3' }
    await probeAfter(3)
    await runQueue(deps)
    await probeAfter(3)
    expect([(await view(id)).status, lookUps()]).toEqual(['deploying', 1])
    tags = { v3: SHA }
    await runQueue(deps)
    await probeAfter(3)
    expect([(await view(id)).status, lookUps()]).toEqual(['succeeded', 2])
  })

  it('proves its deploy if the surface has left surfaces.yaml meanwhile', async () => {
    const { deps } = console_
    const { id } = await tagDeploy({}, { archivedAt: deps.now() })
    tags = { v3: SHA }
    answer = { status: 200, version: 'v3' }
    await probeAfter(3)
    await runQueue(deps)
    await probeAfter(3)
    expect((await view(id)).status).toBe('succeeded')
  })

  it.each([
    ['GitHub was not asked for its commit', {}, {}, 'GitHub has not told its commit'],
    ['GitHub does not know it', {}, { versionProblem: 'not_found' }, 'not known to GitHub'],
    ['it named another commit before', { ref: 'refs/tags/v3' }, { runningSha: BEFORE }, 'a tag that was moved'],
  ])('does not prove that its deploy failed, if %s', async (_, deploy, known, why) => {
    const { id } = await tagDeploy(deploy, { reportedVersion: 'v3', versionProblem: null, ...known })
    answer = { status: 200, version: 'v3' }
    await probeAfter(3)
    await probeAfter(120)
    expect(await view(id)).toMatchObject({
      status: 'timed_out',
      failureDetail: expect.stringContaining(
        `is not known whether it runs aaaaaaa. When last asked, it is healthy, reports v3 (${why}).`,
      ),
    })
  })

  it('proves that its deploy failed, if the tag has another commit', async () => {
    const { id } = await tagDeploy({}, { reportedVersion: 'v3', runningSha: BEFORE })
    answer = { status: 200, version: 'v3' }
    await probeAfter(3)
    await probeAfter(120)
    expect((await view(id)).failureDetail).toMatch(/reports v3 \(bbbbbbb\)\.$/)
  })
})

describe('a ref that turns out to have moved while the surface is asked', () => {
  /** Reads, while the surface is asked for the first time, that the run deploys another commit. */
  function moveMeanwhile(id: string) {
    const [run, moved] = [Object(runAnswer('success')), { head_sha: BEFORE }]
    whileAsked = async () => {
      whileAsked = async () => {}
      github.script.onRun = () => ({ ...run, body: { ...run.body, ...moved } })
      await reconcileDeploy(console_.deps, id)
    }
  }

  it('does not end the deploy by an answer that reports the reviewed commit', async () => {
    const { deps } = console_
    const { id } = await probedDeploy()
    await reconcileDeploy(deps, id)
    await deps.db.deploy.update({ where: { id }, data: { onMoved: 'continue' } })
    moveMeanwhile(id)
    answer = { status: 200, version: SHA }
    await probeAfter(3)
    expect(await view(id)).toMatchObject({ status: 'deploying', sha: BEFORE })
    answer = { status: 200, version: BEFORE }
    await probeAfter(3)
    expect((await view(id)).status).toBe('succeeded')
  })

  it('keeps an answer that reports the reviewed commit from confirming the ended deploy', async () => {
    const { deps } = console_
    const { id } = await probedDeploy()
    await moveDeploy(deps.db, id, 'succeeded')
    await deps.db.deploy.update({ where: { id }, data: { onMoved: 'continue', finishedAt: deps.now() } })
    moveMeanwhile(id)
    answer = { status: 200, version: SHA }
    await probeAfter(3)
    expect(await view(id)).toMatchObject({ sha: BEFORE })
    const seen = () => deps.db.auditEvent.count({ where: { deployId: id, action: 'console.deploy.version_seen' } })
    expect(await seen()).toBe(0)
    answer = { status: 200, version: BEFORE }
    await probeAfter(3)
    expect(await seen()).toBe(1)
  })
})

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
  await probeAfter(0)
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
