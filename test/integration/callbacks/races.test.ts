import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CALLBACK_STATUSES, canTransition, isKnownStatus } from '~/domain/deploy/status'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { recordDispatchOutcome } from '~/server/deploys/dispatch/send-intent'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { queuedJobs } from '~test/support/run-queue'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { type CallbackOptions, signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

async function send(id: string, body: object, options?: CallbackOptions) {
  const response = await receiveCallback(console_.deps, signedCallback(id, body, options), id)
  return { http: response.status, ...(await response.json()) } as { http: number; applied?: boolean; status: unknown }
}

const eight = <T>(make: (index: number) => T) => Array.from({ length: 8 }, (_, index) => make(index))
const deployAt = async (id: string) => console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })
const accepted = (id: string) =>
  console_.deps.db.auditEvent.findMany({ where: { deployId: id, action: 'console.deploy.callback' } })

describe('a repeated callback', () => {
  it('a repeat of an applied callback changes nothing, and the answer says so', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const webhookId = randomUUID()
    const body = { status: 'building', log_line: 'once' }
    expect(await send(id, body, { webhookId })).toEqual({ http: 200, applied: true, status: 'building' })
    await send(id, { status: 'deploying' })
    expect(await send(id, body, { webhookId })).toEqual({ http: 200, applied: false, status: 'deploying' })
    expect(await console_.deps.db.deployLogLine.count({ where: { deployId: id } })).toBe(1)
    expect(await accepted(id)).toHaveLength(2)
  })

  it('a repeat of a refused callback adds no log line and no audit event', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const webhookId = randomUUID()
    const body = { status: 'succeeded', log_line: 'too early' }
    expect((await send(id, body, { webhookId })).http).toBe(422)
    expect(await send(id, body, { webhookId })).toEqual({ http: 200, applied: false, status: 'dispatched' })
    expect(await console_.deps.db.deployLogLine.count({ where: { deployId: id } })).toBe(1)
    expect(await console_.deps.db.auditEvent.count({ where: { deployId: id } })).toBe(1)
  })

  it("a callback repeated at another deploy's address does not move that deploy", async () => {
    const first = await insertDeployAt(console_.deps, 'dispatched')
    const second = await insertDeployAt(console_.deps, 'dispatched')
    const webhookId = randomUUID()
    await send(first.id, { status: 'building' }, { webhookId })
    expect(await send(second.id, { status: 'building' }, { webhookId })).toMatchObject({ applied: false })
    expect((await deployAt(second.id)).status).toBe('dispatched')
  })
})

describe('eight concurrent callbacks', () => {
  it('eight concurrent callbacks with one webhook-id are applied once', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const webhookId = randomUUID()
    const answers = await Promise.all(eight(() => send(id, { status: 'building', log_line: 'x' }, { webhookId })))
    expect(answers.filter(({ applied }) => applied)).toHaveLength(1)
    expect(answers.every(({ http }) => http === 200)).toBe(true)
    expect(await accepted(id)).toHaveLength(1)
    expect((await deployAt(id)).logCount).toBe(1)
  })

  it('eight concurrent callbacks with one status and their own ids are applied once, and every log line is kept', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const answers = await Promise.all(eight((index) => send(id, { status: 'building', log_line: `line ${index}` })))
    expect(answers.filter(({ applied }) => applied)).toHaveLength(1)
    expect(await accepted(id)).toHaveLength(1)
    const lines = await console_.deps.db.deployLogLine.findMany({ where: { deployId: id }, orderBy: { seq: 'asc' } })
    expect(lines.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(new Set(lines.map(({ line }) => line)).size).toBe(8)
  })

  it('of eight concurrent callbacks with different outcomes, one is applied and never overwritten', async () => {
    const { id } = await insertDeployAt(console_.deps, 'deploying')
    const answers = await Promise.all(eight((index) => send(id, { status: index % 2 ? 'failed' : 'succeeded' })))
    const winners = answers.filter(({ applied }) => applied)
    expect(winners).toHaveLength(1)
    const { status } = await deployAt(id)
    expect(status).toBe(winners[0]?.status)
    for (const answer of answers) expect([200, 422]).toContain(answer.http)
    expect(answers.filter(({ http }) => http === 422)).toHaveLength(4)
    expect((await accepted(id)).map((row) => row.status)).toEqual([status])
  })

  it('concurrent callbacks with every status only move the deploy forward', async () => {
    const { id } = await insertDeployAt(console_.deps, 'requested')
    await Promise.all(CALLBACK_STATUSES.toReversed().map((status) => send(id, { status })))
    const moves = await console_.deps.db.auditEvent.findMany({
      where: { deployId: id, action: { in: ['console.deploy.callback', 'console.deploy.dispatched'] } },
      orderBy: { id: 'asc' },
    })
    const path = ['requested', ...moves.map(({ status }) => status ?? '')]
    for (const [index, to] of path.slice(1).entries()) {
      expect(isKnownStatus(to) && canTransition(path[index] ?? '', to), `${path[index]} → ${to}`).toBe(true)
    }
    expect(path.at(-1)).toBe((await deployAt(id)).status)
  })
})

describe("a callback before GitHub's answer to the dispatch", () => {
  it("a callback before GitHub's answer takes the deploy through dispatched, and the answer only adds the run", async () => {
    const { deps } = console_
    const { id, surface } = await insertDeployAt(deps, 'requested')
    await send(id, { status: 'smoke_gate_started' })
    await recordDispatchOutcome(
      deps,
      { deployId: id, surfaceId: surface.id, actor: 'operator' },
      { kind: 'accepted', runId: 9007199254740993n },
    )
    expect(await deployAt(id)).toMatchObject({ status: 'smoke_gate_started', githubRunId: 9007199254740993n })
    const statuses = (await deps.db.auditEvent.findMany({ where: { deployId: id }, orderBy: { id: 'asc' } })).map(
      ({ status }) => status,
    )
    expect(statuses).toEqual(['dispatched', 'smoke_gate_started'])
  })
})

describe('the run that a callback names', () => {
  it('a deploy without a run gets the run of its callback, exactly even beyond 2^53', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    await send(id, { status: 'building', run_id: '9007199254740993', run_attempt: 2 })
    expect(await deployAt(id)).toMatchObject({ githubRunId: 9007199254740993n, githubRunAttempt: 2 })
  })

  it('a callback of another run is refused and audited, changes nothing but the log, and queues a look at GitHub', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 111n })
    const foreign = { status: 'failed', run_id: '222', log_line: 'of 222', deployed_sha: 'b'.repeat(40) }
    const answer = await send(id, foreign)
    expect(answer).toMatchObject({ http: 422, code: 'run_mismatch', from: 'building', to: 'failed' })
    expect(await deployAt(id)).toMatchObject({ status: 'building', githubRunId: 111n, sha: null, logCount: 1 })
    expect(await queuedJobs(console_.deps)).toContainEqual(expect.objectContaining({ key: `reconcile_deploy:${id}` }))
    const mismatch = await console_.deps.db.auditEvent.findFirstOrThrow({
      where: { deployId: id, action: 'console.deploy.run_mismatch' },
    })
    expect(mismatch.payload).toEqual({ run_id: '111', reported_run_id: '222' })
  })

  it('a callback of another run does not free the surface, and the run on record still moves the deploy', async () => {
    const { deps } = console_
    await insertMember(deps, OPERATOR)
    const { id, surface } = await insertDeployAt(deps, 'building', { githubRunId: 111n })
    await send(id, { status: 'failed', run_id: '222' })
    const input = { surfaceId: surface.id, ref: 'main', confirmation: surface.confirm, idempotencyKey: randomUUID() }
    await expect(dispatchDeploy(deps, OPERATOR, input)).rejects.toMatchObject({ code: 'surface_busy' })
    expect(await send(id, { status: 'deploying', run_id: '111' })).toMatchObject({ http: 200, applied: true })
  })

  it("a callback with the deploy's status is answered as a repeat, whichever run sends it", async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 111n })
    expect(await send(id, { status: 'building', run_id: '222' })).toMatchObject({ http: 200, applied: false })
  })
})

describe('the audit trail', () => {
  it('rows of the audit trail cannot be updated, deleted or truncated', async () => {
    const { db } = console_.deps
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    await send(id, { status: 'building' })
    await expect(db.$executeRaw`UPDATE audit_events SET actor = 'nobody'`).rejects.toThrow('append-only')
    await expect(db.$executeRaw`DELETE FROM audit_events`).rejects.toThrow('append-only')
    await expect(db.$executeRaw`TRUNCATE audit_events`).rejects.toThrow('append-only')
    expect(await accepted(id)).toHaveLength(1)
  })
})
