import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { findOutsideRuns } from '~/server/surfaces/follow/find-outside-runs'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { recordHearing } from '~/server/webhooks/webhook-hearings.sql'
import { dispatch, untilEnded } from '~test/integration/sandbox/github-client'
import { OPERATOR } from '~test/support/actors'
import { CALLBACK_SECRET, createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import {
  answers,
  jobsAnswer,
  listAnswer,
  listedRun,
  runAnswer,
  startScriptedGitHub,
} from '~test/support/scripted-github'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

let console_: TestConsole
let sandbox: RunningSandbox

beforeAll(async () => {
  sandbox = await startSandbox({ consoleUrl: 'http://127.0.0.1:9', callbackSecret: CALLBACK_SECRET })
  console_ = await createTestConsole({
    githubApiUrl: sandbox.apiUrl,
    env: { GITHUB_DISPATCH_TOKEN: sandbox.token },
  })
  await insertMember(console_.deps, OPERATOR)
  await insertSurface(console_.deps, { id: 'console' })
  await insertSurface(console_.deps, { id: 'console-staging', environment: 'staging' })
})
afterAll(async () => {
  await console_?.close()
  await sandbox?.stop()
})

async function seen(surfaceId: string) {
  await findOutsideRuns(console_.deps)
  const tile = (await listTiles(console_.deps)).find(({ id }) => id === surfaceId)
  return tile?.outsideRun
}

it('a run started by hand is on the tile of its environment, running and succeeded, until the console deploys', async () => {
  expect(await seen('console-staging')).toBeNull()
  const id = await dispatch(sandbox, 'deploy-console.yml', { environment: 'staging' })
  expect(await seen('console-staging')).toMatchObject({
    number: 1,
    state: 'running',
    environmentKnown: true,
    url: `${sandbox.url}/acme/platform/actions/runs/${id}`,
  })
  const run = await untilEnded(sandbox, id)
  expect(run.conclusion).toBe('success')
  expect(await seen('console-staging')).toMatchObject({ number: 1, state: 'succeeded' })
  expect(await seen('console')).toBeNull()

  await dispatchDeploy(console_.deps, OPERATOR, {
    surfaceId: 'console-staging',
    ref: 'main',
    confirmation: 'console-staging',
    idempotencyKey: randomUUID(),
  })
  expect(await seen('console-staging')).toBeNull()
})

it('a look at a repository costs one request, and a failed look changes nothing', async () => {
  const { deps } = console_
  const asked: string[] = []
  deps.github.hook.before('request', ({ url }) => void asked.push(url))
  await findOutsideRuns(deps)
  expect(asked).toHaveLength(1)

  const before = await deps.db.surface.findMany({ orderBy: { id: 'asc' } })
  const away = await createTestConsole()
  await findOutsideRuns({ ...deps, github: away.deps.github })
  expect(await deps.db.surface.findMany({ orderBy: { id: 'asc' } })).toEqual(before)
  await away.close()
})

describe('a workflow with more than a hundred runs between two passes', () => {
  let github: Awaited<ReturnType<typeof startScriptedGitHub>>
  let busy: TestConsole
  beforeAll(async () => {
    github = await startScriptedGitHub()
    busy = await createTestConsole({ githubApiUrl: github.apiUrl })
    await insertSurface(busy.deps, { id: 'busy' })
  })
  afterAll(async () => {
    await busy.close()
    await github.close()
  })

  const run = (n: number, title: string, conclusion: string | null) => ({
    ...listedRun(n, title),
    run_number: n,
    event: 'workflow_dispatch',
    status: conclusion === null ? 'in_progress' : 'completed',
    conclusion,
    created_at: new Date(Date.parse('2026-11-28T10:00:00Z') + n * 1000).toISOString(),
  })
  const failed = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => run(from + n, 'Deploy x to staging', 'failure'))
  const byHand = (n: number, conclusion: string | null) => run(n, 'Deploy x to production', conclusion)
  const lookFor = async (runs: ReturnType<typeof run>[]) => {
    github.requests.length = 0
    github.script.onListRuns = listAnswer(runs)
    await findOutsideRuns(busy.deps)
    const [tile] = await listTiles(busy.deps)
    return { number: tile?.outsideRun?.number, state: tile?.outsideRun?.state, requests: github.requests.length }
  }

  it('runs are followed to the new name of a moved repository, and the tile shows the move until GitHub answers at the old name', async () => {
    const movedAt = (path: string) => path.includes('/repos/acme/platform/')
    github.script.onListRuns = (request) =>
      movedAt(request.path)
        ? answers.moved(request.path.replace('/repos/acme/platform', '/repositories/7'))
        : listAnswer([byHand(1, null)])(request)
    github.script.onRepository = () => ({ status: 200, body: { full_name: 'acme/renamed' } })
    await findOutsideRuns(busy.deps)
    const [tile] = await listTiles(busy.deps)
    expect(tile).toMatchObject({
      outsideRun: { number: 1 },
      alarm: expect.stringMatching(/^The repository acme\/platform moved to acme\/renamed\..*update surfaces\.yaml\.$/),
    })
    await lookFor([])
    expect((await listTiles(busy.deps))[0]?.alarm).toBeNull()
  })

  it('no run is missed or forgotten, and a pass costs one request if nothing is new or in progress', async () => {
    const before = failed(1, 40)
    expect(await lookFor(before)).toMatchObject({ number: undefined, requests: 1 })
    const started = [...before, byHand(40, null), ...failed(41, 150)]
    expect(await lookFor(started)).toEqual({ number: 40, state: 'running', requests: 6 })
    expect(await lookFor(started)).toEqual({ number: 40, state: 'running', requests: 5 })
    const ended = [...before, byHand(40, 'success'), ...failed(41, 151)]
    expect(await lookFor(ended)).toEqual({ number: 40, state: 'succeeded', requests: 5 })
    expect(await lookFor(ended)).toEqual({ number: 40, state: 'succeeded', requests: 1 })
  })
})

describe('a repository whose newest page of runs is full of checks', () => {
  let github: Awaited<ReturnType<typeof startScriptedGitHub>>
  let busy: TestConsole
  beforeAll(async () => {
    github = await startScriptedGitHub()
    busy = await createTestConsole({ githubApiUrl: github.apiUrl })
    await insertSurface(busy.deps, { id: 'busy' })
  })
  afterAll(async () => {
    await busy.close()
    await github.close()
  })

  const START = Date.parse('2026-11-28T10:00:00Z')
  const at = (minutes: number) => ({ ...busy.deps, now: () => new Date(START + minutes * 60_000) })
  const runs = Array.from({ length: 90 }, (_, n) => ({
    ...listedRun(n + 1, 'Checks'),
    path: `.github/workflows/${n < 20 ? 'deploy-console' : 'checks'}.yml`,
    run_number: n + 1,
    event: 'push',
    status: 'completed',
    conclusion: 'failure',
    created_at: new Date(START - (100 - n) * 60_000).toISOString(),
  }))
  const look = async (minutes: number) => {
    github.requests.length = 0
    github.script.onListRuns = listAnswer(runs)
    await findOutsideRuns(at(minutes))
    return github.requests.map(({ path }) => (path.includes('/workflows/') ? 'workflow' : 'repository'))
  }

  it('the workflow is listed at first, every hour and after each webhook, and less often while webhooks arrive', async () => {
    expect(await look(0)).toEqual(['workflow'])
    expect(await look(20)).toEqual(['repository'])
    expect(await look(75)).toEqual(['repository', 'workflow'])
    const insertHearing = (minutes: number) =>
      recordHearing(busy.deps.db, {
        repository: 'acme/platform',
        subjects: ['runs'],
        event: 'push',
        at: at(minutes).now(),
      })
    await insertHearing(140)
    expect(await look(141)).toEqual(['repository', 'workflow'])
    expect(await look(220)).toEqual(['repository'])
    await insertHearing(230)
    expect(await look(231)).toEqual(['repository', 'workflow'])
  })
})

it('two surfaces of one workflow and environment are deployed at once, and neither takes a run of the other for its own', async () => {
  const github = await startScriptedGitHub()
  const shared = await createTestConsole({ githubApiUrl: github.apiUrl })
  onTestFinished(async () => {
    await shared.close()
    await github.close()
  })
  const { deps } = shared
  await insertMember(deps, OPERATOR)
  for (const id of ['eu', 'us']) {
    await insertSurface(deps, { id })
    const dispatchInputs = { commit: `\${sha}`, region: `\${surface}` }
    await deps.db.surface.update({ where: { id }, data: { dispatchInputs } })
  }
  const runOf: Record<string, bigint> = {}
  github.script.onDispatch = ({ body }) => {
    const { region } = z.object({ inputs: z.object({ region: z.string() }) }).parse(body).inputs
    runOf[region] = BigInt(100 + github.dispatches().length)
    return { status: 200, body: { workflow_run_id: runOf[region] } }
  }
  const deployed = await Promise.all(
    ['eu', 'us'].map((surfaceId) =>
      dispatchDeploy(deps, OPERATOR, { surfaceId, ref: 'main', confirmation: surfaceId, idempotencyKey: randomUUID() }),
    ),
  )
  expect(deployed.map(({ runId }) => runId)).toEqual([runOf['eu'], runOf['us']].map(String))

  const run = (id: bigint, attempt: number, startedAt: Date) => ({
    ...listedRun(id, 'Deploy main to production'),
    run_number: Number(id),
    run_attempt: attempt,
    run_started_at: startedAt.toISOString(),
    event: 'workflow_dispatch',
    status: 'in_progress',
    conclusion: null,
    created_at: deps.now().toISOString(),
  })
  const now = deps.now()
  const own = [run(101n, 1, now), run(102n, 1, now)]
  const tiles = async () =>
    (await listTiles(deps)).map(({ id, outsideRun }) => [id, outsideRun?.number, outsideRun?.environmentKnown])
  github.script.onListRuns = listAnswer(own)
  await findOutsideRuns(deps)
  expect(await tiles()).toEqual([
    ['eu', undefined, undefined],
    ['us', undefined, undefined],
  ])

  // The run of `eu` ends, and somebody runs it again: nothing of that concerns `us`.
  const [eu] = deployed
  github.script.onRun = ({ path }) => (path.endsWith(`/${runOf['eu']}`) ? runAnswer('success') : runAnswer(null))
  github.script.onJobs = () => jobsAnswer({ deploy: { Run: 'success' } })
  for (const { id } of deployed) await reconcileDeploy(deps, id)
  const later = new Date(now.getTime() + 3_600_000)
  github.script.onListRuns = listAnswer([
    ...own.filter(({ id }) => id !== runOf['eu']),
    run(runOf['eu'] ?? 0n, 2, later),
  ])
  await findOutsideRuns({ ...deps, now: () => later })
  const statuses = await deps.db.deploy.findMany({ orderBy: { surfaceId: 'asc' }, select: { id: true, status: true } })
  expect(statuses[0]).toEqual({ id: eu?.id, status: 'succeeded' })
  expect(statuses[1]?.status).not.toBe('succeeded')
  expect(await tiles()).toEqual([
    ['eu', Number(runOf['eu']), true],
    ['us', undefined, undefined],
  ])

  // Which of the two a run by hand ships to, nothing says.
  const byHand = run(200n, 1, new Date(later.getTime() + 60_000))
  github.script.onListRuns = listAnswer([...own, byHand])
  await findOutsideRuns({ ...deps, now: () => later })
  expect(await tiles()).toEqual([
    ['eu', 200, false],
    ['us', 200, false],
  ])
})
