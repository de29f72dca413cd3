import 'server-only'
import type { Deps } from '~/server/deps'
import { Prisma } from '~/server/platform/generated/client.ts'

const DAY_MS = 24 * 3_600_000

/** A signature is accepted for five minutes, so a callback this old is refused with or without its receipt (docs/adr/052). */
const RECEIPTS_KEPT_DAYS = 30

/** Rows, or deploys, of one transaction, so that no lock is held for long. */
const BATCH = 500
/** Leaves the disk to other writers. */
const PAUSE_MS = 50
/** Jobs that run for three minutes count as abandoned. */
const AT_MOST_MS = 90_000

/**
 * Deletes what is older than it is kept, in small transactions. The audit trail and the deploys themselves are always kept.
 *
 * @returns `more` if the time was up before everything was deleted
 */
export async function deleteOldRecords(
  deps: Pick<Deps, 'db' | 'now' | 'pause' | 'config' | 'logger'>,
  signal: AbortSignal,
): Promise<'done' | 'more'> {
  const end = performance.now() + AT_MOST_MS
  const deleted: Record<string, number> = {}
  let outcome: 'done' | 'more' = 'done'
  for (const [what, deleteBatch] of Object.entries(deletions(deps))) {
    for (let count = BATCH; count === BATCH; ) {
      if (signal.aborted || performance.now() > end) {
        outcome = 'more'
        break
      }
      count = await deleteBatch()
      if (count > 0) deleted[what] = (deleted[what] ?? 0) + count
      if (count === BATCH) await deps.pause(PAUSE_MS)
    }
  }
  if (Object.keys(deleted).length > 0) deps.logger.info({ deleted }, 'records were deleted because of their age')
  return outcome
}

/** Each deletes at most a batch, and returns how many. A count below the batch means that nothing is left. */
function deletions({
  db,
  now,
  config,
}: Pick<Deps, 'db' | 'now' | 'config'>): Readonly<Record<string, () => Promise<number>>> {
  const at = now()
  const daysAgo = (days: number) => new Date(at.getTime() - days * DAY_MS)
  const receiptsBefore = daysAgo(RECEIPTS_KEPT_DAYS)
  const always = {
    // The index on deploys finds old receipts too, because ids of deploys begin with their time.
    receipts: async () => {
      const old = { deployId: { lt: firstIdAt(receiptsBefore) }, receivedAt: { lt: receiptsBefore } }
      return (await db.callbackReceipt.deleteMany({ where: old, limit: BATCH })).count
    },
    sessions: async () => (await db.session.deleteMany({ where: { expiresAt: { lt: at } }, limit: BATCH })).count,
    verifications: async () =>
      (await db.verification.deleteMany({ where: { expiresAt: { lt: at } }, limit: BATCH })).count,
  }
  if (config.logRetentionDays === undefined) return always
  const before = daysAgo(config.logRetentionDays)
  return {
    ...always,
    logs: () => deleteLogs(db, before, at),
    deliveries: async () => {
      const old = { state: { notIn: ['waiting', 'sending'] }, updatedAt: { lt: before } }
      return (await db.delivery.deleteMany({ where: old, limit: BATCH })).count
    },
  }
}

/** Deletes all log lines of a few deploys that ended long ago. The deploy notes it, so that its page can say where the lines went. */
async function deleteLogs(db: Deps['db'], before: Date, at: Date): Promise<number> {
  const old = await db.deploy.findMany({
    where: { finishedAt: { lt: before }, logDeletedAt: null },
    orderBy: { finishedAt: 'asc' },
    take: BATCH,
    select: { id: true },
  })
  if (old.length === 0) return 0
  const deployId = { in: old.map(({ id }) => id) }
  await db.$transaction([
    db.deployLogLine.deleteMany({ where: { deployId } }),
    db.runAttempt.updateMany({
      where: { deployId, failedLog: { not: Prisma.DbNull } },
      data: { failedLog: Prisma.DbNull },
    }),
    db.deploy.updateMany({ where: { id: deployId }, data: { logDeletedAt: at } }),
  ])
  return old.length
}

/** The lowest UUIDv7 of a millisecond. */
function firstIdAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
