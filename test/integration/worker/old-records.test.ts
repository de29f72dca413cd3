import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { deleteOldRecords } from '~/server/retention/delete-old-records'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { runQueue } from '~test/support/run-queue'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

const DAY_MS = 24 * 3_600_000
const NEVER = new AbortController().signal

/** The console as it was this many days ago. */
function daysAgo(days: number) {
  const then = new Date(Date.now() - days * DAY_MS)
  return { ...console_.deps, now: () => then, newId: () => uuidv7({ msecs: then.getTime() }) }
}

/** A deploy that reported its end this many days ago, and the callback that did. */
async function endedDeploy(days: number) {
  const past = daysAgo(days)
  const { id } = await insertDeployAt(past, 'deploying')
  const callback = signedCallback(id, { status: 'failed', log_line: 'it broke' }, { at: past.now() })
  const replay = callback.clone()
  expect((await receiveCallback(past, callback, id)).status).toBe(200)
  const failedLog = { jobId: '1', step: null, of: 'job', lines: ['secret'], unread: null, readAt: '' }
  const attempt = { deployId: id, attempt: 1, runId: 1n, jobs: {}, seenAt: past.now(), failedLog }
  await console_.deps.db.runAttempt.create({ data: attempt })
  return { id, replay }
}

const receiptsOf = (deployId: string) => console_.deps.db.callbackReceipt.count({ where: { deployId } })
const deleteNow = (deps = console_.deps) => deleteOldRecords(deps, NEVER)
const linesOf = async (id: string) => (await getDeploy(console_.deps, id)).logTail.length

describe('receipts', () => {
  it('are deleted after 30 days, and the same callback is then refused because of its time', async () => {
    const [old, young] = [await endedDeploy(31), await endedDeploy(29)]
    await deleteNow()
    expect([await receiptsOf(old.id), await receiptsOf(young.id)]).toEqual([0, 1])
    const before = await getDeploy(console_.deps, old.id)
    expect((await receiveCallback(console_.deps, old.replay, old.id)).status).toBe(401)
    expect(await getDeploy(console_.deps, old.id)).toEqual(before)
  })
})

describe('log lines', () => {
  it('are deleted 180 days after their deploy ended, with the log of the failed job, and the deploy says so', async () => {
    const [old, young] = [await endedDeploy(181), await endedDeploy(179)]
    const trail = await console_.deps.db.auditEvent.findMany()
    await deleteNow()
    expect(await getDeploy(console_.deps, old.id)).toMatchObject({
      logTail: [],
      logDeletedAt: expect.stringMatching(/^20/),
      status: 'failed',
      runAttempts: [],
    })
    expect(await getDeploy(console_.deps, young.id)).toMatchObject({ logTail: [{}], logDeletedAt: null })
    const logsOf = (deployId: string) => console_.deps.db.runAttempt.findMany({ where: { deployId } })
    expect(await logsOf(old.id)).toMatchObject([{ failedLog: { deleted: true } }])
    expect(await logsOf(young.id)).toMatchObject([{ failedLog: { lines: ['secret'] } }])
    expect(await console_.deps.db.auditEvent.findMany(), 'the audit trail').toEqual(trail)
  })

  it('are called deleted too if the deploy had only the log of its failed job', async () => {
    const past = daysAgo(181)
    const { id } = await insertDeployAt(past, 'deploying')
    const callback = signedCallback(id, { status: 'failed' }, { at: past.now() })
    expect((await receiveCallback(past, callback, id)).status).toBe(200)
    const attempt = { deployId: id, attempt: 1, runId: 1n, jobs: {}, seenAt: past.now(), failedLog: { lines: ['it'] } }
    await console_.deps.db.runAttempt.create({ data: attempt })
    await deleteNow()
    expect(await getDeploy(console_.deps, id)).toMatchObject({ logTail: [], logDeletedAt: expect.any(String) })
  })

  it('are not called deleted of a deploy that never had any', async () => {
    const past = daysAgo(181)
    const { id } = await insertDeployAt(past, 'deploying')
    expect((await receiveCallback(past, signedCallback(id, { status: 'failed' }, { at: past.now() }), id)).status).toBe(
      200,
    )
    await deleteNow()
    expect(await getDeploy(console_.deps, id)).toMatchObject({ logTail: [], logDeletedAt: null })
  })

  it('of a deploy that has not ended are kept', async () => {
    const past = daysAgo(400)
    const { id } = await insertDeployAt(past, 'building')
    await receiveCallback(past, signedCallback(id, { status: 'deploying', log_line: 'on' }, { at: past.now() }), id)
    await deleteNow()
    expect(await linesOf(id)).toBe(1)
  })

  it('are kept for as long as LOG_RETENTION_DAYS says, or for ever', async () => {
    const { id } = await endedDeploy(1_000)
    const keeping = (logRetentionDays: number | undefined) =>
      deleteNow({ ...console_.deps, config: { ...console_.deps.config, logRetentionDays } })
    await keeping(undefined)
    await keeping(1_001)
    expect(await linesOf(id)).toBe(1)
    await keeping(999)
    expect(await linesOf(id)).toBe(0)
  })
})

describe('other records', () => {
  beforeEach(() => console_.deps.db.verification.deleteMany())

  it('sessions and verifications are deleted when they have expired, and deliveries when their log is', async () => {
    const { db, newId } = console_.deps
    const userId = newId()
    await db.user.create({ data: { id: userId, name: 'Ada', email: 'ada@example.com' } })
    for (const days of [-1, 1]) {
      const expiresAt = new Date(Date.now() + days * DAY_MS)
      await db.session.create({ data: { id: newId(), token: newId(), userId, expiresAt } })
      await db.verification.create({ data: { id: newId(), identifier: 'x', value: 'x', expiresAt } })
    }
    const channel = { id: newId(), kind: 'webhook', name: 'hook', sealed: 'x', createdBy: 'ada', createdAt: new Date() }
    await db.deliveryChannel.create({ data: channel })
    const old = { channelId: channel.id, createdAt: daysAgo(181).now(), updatedAt: daysAgo(181).now() }
    await db.delivery.createMany({ data: ['sent', 'waiting'].map((state) => ({ ...old, state })) })
    await deleteNow()
    expect([await db.session.count({ where: { userId } }), await db.verification.count()]).toEqual([1, 1])
    expect(await db.delivery.findMany({ where: { channelId: channel.id } })).toMatchObject([{ state: 'waiting' }])
  })
})

describe('the job', () => {
  it('deletes nothing if the clocks of its machine and of the database differ, as one of them is wrong', async () => {
    const { id } = await endedDeploy(1)
    const past = daysAgo(-365)
    expect(await deleteNow({ ...console_.deps, now: past.now })).toBe('done')
    expect([await linesOf(id), await receiptsOf(id)]).toEqual([1, 1])
  })

  it('deletes in transactions of at most 500 rows, and queues itself for what is left when its time is up', async () => {
    const { deps } = console_
    const past = daysAgo(40)
    const { id: deployId } = await insertDeployAt(past, 'building')
    const receipt = { deployId, status: 'building', outcome: 'repeated', receivedAt: past.now() }
    const data = Array.from({ length: 1_200 }, (_, n) => ({ ...receipt, webhookId: `old-${n}` }))
    await deps.db.callbackReceipt.createMany({ data })
    const left: number[] = []
    const stop = new AbortController()
    const pause = async () => {
      left.push(await receiptsOf(deployId))
      if (left.length === 2) stop.abort()
    }
    expect(await deleteOldRecords({ ...deps, pause }, stop.signal)).toBe('more')
    expect(left).toEqual([700, 200])
    await deps.db.$executeRaw`SELECT FROM graphile_worker.add_job('delete_old_records')`
    await runQueue(deps)
    expect(await receiptsOf(deployId)).toBe(0)
  })
})
