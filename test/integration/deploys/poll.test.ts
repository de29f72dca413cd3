import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { createDeps, type Deps } from '~/server/deps'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { answers, listedRun, neverAnswered, startScriptedGitHub } from '~test/support/scripted-github'
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

const caller = () => createCaller(createContextInner(console_.deps, OPERATOR))
const poll = (id: string) => caller().deploys.get({ id })
const send = (id: string, body: object) => receiveCallback(console_.deps, signedCallback(id, body), id)

describe('a poll of a deploy', () => {
  it('a poll returns the status, phases, timeline, run and log in order', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    await send(id, { status: 'smoke_gate_started', log_line: 'one', run_id: '9007199254740993' })
    await send(id, { status: 'smoke_gate_passed', log_line: 'two', run_id: '9007199254740993' })
    const view = await poll(id)
    expect(view).toMatchObject({
      status: 'smoke_gate_passed',
      terminal: false,
      runId: '9007199254740993',
      logCursor: null,
    })
    expect(view.runUrl).toMatch(/\/acme\/platform\/actions\/runs\/9007199254740993$/)
    expect(view.phases.map(({ state }) => state)).toEqual(['done', 'pending', 'pending', 'pending'])
    expect(view.logTail.map(({ line }) => line)).toEqual(['one', 'two'])
    expect(view.timeline.map(({ status }) => status)).toEqual([null, 'smoke_gate_started', 'smoke_gate_passed'])
  })

  it('ten windows in two processes ask GitHub for the run no more often than one', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const other = createDeps(console_.deps.config)
    const start = Date.now()
    const watch = (process: Deps, ms: number) => getDeploy({ ...process, now: () => new Date(start + ms) }, id)
    // Each window polls every two seconds, so one of them polls every 200 ms.
    for (let ms = 0; ms < 20_000; ms += 200) await watch(ms % 400 === 0 ? console_.deps : other, ms)
    expect(github.requests.filter(({ path }) => path.includes('/runs?'))).toHaveLength(10)
    await Promise.all(Array.from({ length: 10 }, (_, n) => watch(n % 2 === 0 ? console_.deps : other, 20_000)))
    expect(github.requests.filter(({ path }) => path.includes('/runs?'))).toHaveLength(11)
    await other.db.$disconnect()
  })

  it('phases do not change however many callbacks are refused', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    await send(id, { status: 'smoke_gate_started' })
    await send(id, { status: 'smoke_gate_passed' })
    const refused = { deployId: id, at: new Date(), actor: 'workflow', action: 'console.deploy.callback_rejected' }
    await console_.deps.db.auditEvent.createMany({
      data: Array.from({ length: 250 }, () => ({ ...refused, status: 'succeeded', payload: {} })),
    })
    expect((await poll(id)).phases.map(({ state }) => state)).toEqual(['done', 'pending', 'pending', 'pending'])
  })

  it('warnings stay however many callbacks are refused', async () => {
    const { db } = console_.deps
    const { id, surface } = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 12n })
    const record = (action: string, payload: object) => ({
      actor: 'x',
      action,
      deployId: id,
      surfaceId: surface.id,
      payload,
    })
    await db.auditEvent.createMany({
      data: [
        record('console.deploy.runs_duplicated', { run_ids: ['12', '11'] }),
        record('console.deploy.cancel_requested', { run_id: '12' }),
        record('console.deploy.cancel_refused', { http_status: 403, reason: 'GitHub says no.' }),
        record('console.deploy.run_mismatch', { run_id: '12', reported_run_id: '11' }),
        ...Array.from({ length: 250 }, () =>
          record('console.deploy.run_mismatch', { run_id: '12', reported_run_id: '10' }),
        ),
        ...Array.from({ length: 250 }, () => record('console.deploy.callback_rejected', { from: 'dispatched' })),
      ].map((row) => ({ ...row, at: new Date() })),
    })
    const { warnings, timeline } = await poll(id)
    expect(warnings).toEqual([
      expect.stringContaining('2 runs for this deploy: 12, 11'),
      expect.stringContaining('Run 11 reports to this deploy'),
      expect.stringContaining('Run 10 reports to this deploy'),
      expect.stringContaining('GitHub says no.'),
    ])
    expect(timeline).toHaveLength(200)
  })

  it('a poll returns the last 200 log lines and a cursor that reaches all others', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building')
    await console_.deps.db.deployLogLine.createMany({
      data: Array.from({ length: 450 }, (_, index) => ({
        deployId: id,
        seq: index + 1,
        line: `l${index + 1}`,
        at: new Date(),
      })),
    })
    const view = await poll(id)
    const read = view.logTail.map(({ seq }) => seq)
    let cursor = view.logCursor
    while (cursor !== null) {
      const page = await caller().deploys.log({ id, before: cursor })
      read.unshift(...page.lines.map(({ seq }) => seq))
      cursor = page.cursor
    }
    expect(view.logTail).toHaveLength(200)
    expect(read).toEqual(Array.from({ length: 450 }, (_, index) => index + 1))
  })

  it('a log is searched whatever the case and the colours, and downloaded whole with its times', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building')
    const at = new Date('2026-11-21T10:00:00.000Z')
    const lineOf = (seq: number) => (seq === 700 ? 'Build \u001b[31mFai\u001b[0mled: 100% [x]' : `step ${seq}`)
    const data = Array.from({ length: 1_500 }, (_, index) => ({
      deployId: id,
      seq: index + 1,
      line: lineOf(index + 1),
      at,
    }))
    await console_.deps.db.deployLogLine.createMany({ data })
    const search = (text: string) => caller().deploys.searchLog({ id, text })
    expect(await search('FAILED: 100% [x]')).toEqual({ lines: [700], more: false })
    expect(await search('step 1499')).toEqual({ lines: [1499], more: false })
    expect(await search('STEP')).toEqual({ lines: expect.objectContaining({ length: 1_000 }), more: true })
    expect(await search('nowhere')).toEqual({ lines: [], more: false })
    const { body } = await restClient(console_.deps).call('GET', `/api/internal/deploys/${id}/log/text`)
    expect(body).toBe(data.map(({ line }) => `2026-11-21T10:00:00.000Z ${line}\n`).join(''))
    await expect(caller().deploys.searchLog({ id: console_.deps.newId(), text: 'x' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('an unknown deploy is answered 404, and an id that is not a UUID 400', async () => {
    await expect(poll(console_.deps.newId())).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(poll('1')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('a status of a newer version is shown as stored', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building')
    await console_.deps.db
      .$executeRaw`ALTER TABLE console_deploys DROP CONSTRAINT IF EXISTS console_deploys_status_check`
    await console_.deps.db.$executeRaw`UPDATE console_deploys SET status = 'canary_started' WHERE id = ${id}::uuid`
    expect(await poll(id)).toMatchObject({ status: 'canary_started', terminal: false })
    const { surfaces } = await caller().surfaces.list()
    expect(surfaces.find(({ lastDeploy }) => lastDeploy?.id === id)?.lastDeploy?.status).toBe('canary_started')
  })
})

describe('looking up the run of a deploy', () => {
  it("a run is found by the deploy's id in its title, and is not looked up again", async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const other = console_.deps.newId()
    github.script.onListRuns = () => ({
      status: 200,
      body: { workflow_runs: [listedRun(5, `Deploy [${other}]`), listedRun(9007199254740993n, `Deploy [${id}]`)] },
    })
    expect(await poll(id)).toMatchObject({ runId: '9007199254740993' })
    expect(github.requests).toHaveLength(1)
    expect(github.requests[0]?.path).toMatch(
      /deploy-console\.yml\/runs\?event=workflow_dispatch&.*created=20[^&]+Z\.\.20/,
    )
    expect(await poll(id)).toMatchObject({ runId: '9007199254740993' })
    expect(github.requests).toHaveLength(1)
  })

  it.each([
    ['answers 500', answers.serverError(500)],
    ['answers 404', answers.notFound],
    ['answers garbage', { status: 200, body: { workflow_runs: 'none' } }],
    ['hangs up', 'hang up' as const],
  ])("a poll succeeds without a run if GitHub's list %s", async (_, answer) => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    github.script.onListRuns = () => answer
    expect(await poll(id)).toMatchObject({ status: 'dispatched', runId: null })
  })

  it('a poll succeeds without a run if GitHub never answers', { timeout: 30_000 }, async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    github.script.onListRuns = neverAnswered
    expect(await poll(id)).toMatchObject({ status: 'dispatched', runId: null })
  })

  it('a run is not looked up later than 90 s after the request or after the deploy moved on', async () => {
    const old = await insertDeployAt(console_.deps, 'dispatched', { requestedAt: new Date(Date.now() - 91_000) })
    const later = await insertDeployAt(console_.deps, 'building')
    await poll(old.id)
    await poll(later.id)
    expect(github.requests).toEqual([])
  })
})
