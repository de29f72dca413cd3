import 'server-only'
import { DELETED_LOG } from '~/domain/deploy/failed-log'
import type { Deps } from '~/server/deps'
import { secondsAhead } from '~/server/health/compare-clocks'
import { readDatabaseState } from '~/server/health/heartbeats.sql'
import { Prisma } from '~/server/platform/generated/client.ts'

const DAY_MS = 24 * 3_600_000

/** A signature is accepted for five minutes, so a callback this old is refused with or without its receipt (docs/adr/052). */
const RECEIPTS_KEPT_DAYS = 30

/** A queued request that has ended. Its idempotency key is forgotten with it, as long after the hour in which it could have been taken. */
const QUEUED_KEPT_DAYS = 30

/** Rows of one transaction, so that no lock is held for long. One deploy's log is never split. */
const BATCH = 500
/** Leaves the disk to other writers. */
const PAUSE_MS = 50
/** Jobs that run for three minutes count as abandoned. */
const AT_MOST_MS = 90_000

interface Batch {
  readonly deleted: number
  readonly isLast: boolean
}

/**
 * Deletes what is older than it is kept, in small transactions. The audit trail and the deploys themselves are always kept. Ages are
 * counted by the database's clock. If this process's clock differs from it, one of them is wrong, and nothing is deleted, because nothing
 * that is deleted comes back.
 *
 * @returns `more` if the time was up before everything was deleted
 * @throws the first error of a kind of records, after the other kinds
 */
export async function deleteOldRecords(
  deps: Pick<Deps, 'db' | 'now' | 'pause' | 'config' | 'logger'>,
  signal: AbortSignal,
): Promise<'done' | 'more'> {
  const end = performance.now() + AT_MOST_MS
  const askedAt = deps.now().getTime()
  const { now: databaseAt } = await readDatabaseState(deps.db)
  const at = new Date(databaseAt)
  const aheadOfDatabaseSeconds = secondsAhead({ askedAt, answeredAt: deps.now().getTime(), databaseAt })
  if (aheadOfDatabaseSeconds !== null) {
    deps.logger.warn(
      { aheadOfDatabaseSeconds },
      'no old records were deleted: the clocks of this machine and of the database differ',
    )
    return 'done'
  }
  const deleted: Record<string, number> = {}
  const errors: unknown[] = []
  let outcome: 'done' | 'more' = 'done'
  for (const [what, deleteBatch] of Object.entries(deletions(deps, at))) {
    try {
      for (let isLast = false; !isLast; ) {
        if (signal.aborted || performance.now() > end) {
          outcome = 'more'
          break
        }
        const batch = await deleteBatch()
        if (batch.deleted > 0) deleted[what] = (deleted[what] ?? 0) + batch.deleted
        isLast = batch.isLast
        if (!isLast) await deps.pause(PAUSE_MS)
      }
    } catch (error) {
      errors.push(error)
    }
  }
  if (Object.keys(deleted).length > 0) deps.logger.info({ deleted }, 'records were deleted because of their age')
  if (errors.length > 0) throw errors[0]
  return outcome
}

function deletions(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  at: Date,
): Readonly<Record<string, () => Promise<Batch>>> {
  const daysAgo = (days: number) => new Date(at.getTime() - days * DAY_MS)
  const receiptsBefore = daysAgo(RECEIPTS_KEPT_DAYS)
  const rows = ({ count }: { readonly count: number }): Batch => ({ deleted: count, isLast: count < BATCH })
  const always = {
    // The index on deploys finds old receipts too, because ids of deploys begin with their time.
    receipts: async () => {
      const old = { deployId: { lt: firstIdAt(receiptsBefore) }, receivedAt: { lt: receiptsBefore } }
      return rows(await db.callbackReceipt.deleteMany({ where: old, limit: BATCH }))
    },
    queuedRequests: async () =>
      rows(await db.queuedRequest.deleteMany({ where: { endedAt: { lt: daysAgo(QUEUED_KEPT_DAYS) } }, limit: BATCH })),
    sessions: async () => rows(await db.session.deleteMany({ where: { expiresAt: { lt: at } }, limit: BATCH })),
    deviceRequests: async () =>
      rows(await db.deviceRequest.deleteMany({ where: { expiresAt: { lt: at } }, limit: BATCH })),
    verifications: async () =>
      rows(await db.verification.deleteMany({ where: { expiresAt: { lt: at } }, limit: BATCH })),
  }
  if (config.logRetentionDays === undefined) return always
  const before = daysAgo(config.logRetentionDays)
  return {
    ...always,
    deliveries: async () => {
      const old = { state: { notIn: ['waiting', 'sending'] }, updatedAt: { lt: before } }
      return rows(await db.delivery.deleteMany({ where: old, limit: BATCH }))
    },
    logs: () => deleteLogs(db, before, at),
  }
}

/** Deletes all log lines of a few deploys that ended long ago. The deploy notes it, so that its page can say where the lines went. */
async function deleteLogs(db: Deps['db'], before: Date, at: Date): Promise<Batch> {
  const old = await db.deploy.findMany({
    where: { finishedAt: { lt: before }, logDeletedAt: null },
    orderBy: { finishedAt: 'asc' },
    take: BATCH,
    select: { id: true, logCount: true },
  })
  const ids: string[] = []
  let lines = 0
  for (const { id, logCount } of old) {
    lines += logCount
    if (ids.length > 0 && lines > BATCH) break
    ids.push(id)
  }
  if (ids.length === 0) return { deleted: 0, isLast: true }
  const deployId = { in: ids }
  await db.$transaction([
    db.deployLogLine.deleteMany({ where: { deployId } }),
    db.runAttempt.updateMany({
      where: { deployId, failedLog: { not: Prisma.DbNull } },
      data: { failedLog: DELETED_LOG },
    }),
    db.deploy.updateMany({ where: { id: deployId }, data: { logDeletedAt: at } }),
  ])
  return { deleted: ids.length, isLast: ids.length === old.length && old.length < BATCH }
}

/** The lowest UUIDv7 of a millisecond. */
function firstIdAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
