import 'server-only'
import { z } from 'zod'
import { type WorkerState, workerState } from '~/domain/worker'
import type { Database, DatabaseHandle } from '~/server/platform/database'

export type ProcessKind = 'server' | 'worker'

/** Records that this process runs, by the database's clock, and forgets processes of this kind that ended more than a day ago. */
export async function recordHeartbeat(db: DatabaseHandle, processId: string, kind: ProcessKind): Promise<void> {
  await db.$executeRaw`
    WITH forgotten AS (
      DELETE FROM "heartbeats" WHERE "kind" = ${kind} AND "seen_at_utc" < clock_timestamp() - interval '1 day'
        AND "process_id" <> ${processId}::uuid)
    INSERT INTO "heartbeats" ("process_id", "kind", "seen_at_utc")
    VALUES (${processId}::uuid, ${kind}, clock_timestamp())
    ON CONFLICT ("process_id", "kind") DO UPDATE SET "seen_at_utc" = excluded."seen_at_utc"`
}

/** As many rows take about two megabytes in a temporary file. */
const SPILLED_ROWS = 65_536

/**
 * Writes what any change needs: a row, and new space on the disk. A small row alone fits into a page that exists, so it is still written
 * while the disk is full. Rows beyond `work_mem` go to a temporary file, which is gone at once and is not in the write-ahead log.
 */
export async function proveWritable(db: Database, processId: string): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.$executeRaw`SET LOCAL work_mem = '64kB'`
    await tx.$queryRaw`SELECT count(*) FROM generate_series(1, ${SPILLED_ROWS}::int)`
    await recordHeartbeat(tx, processId, 'server')
  })
}

const state = z.tuple([
  z.object({
    now: z.number(),
    isReadOnly: z.boolean(),
    workerSeenAt: z.date().nullable(),
    workerSilentMs: z.number().nullable(),
  }),
])

/**
 * The database's clock in milliseconds, whether it refuses changes, and what it knows about workers. A heartbeat from the future is from a
 * clock that was set back, and proves nothing; the column rounds up by less than a second.
 */
export async function readDatabaseState(db: DatabaseHandle) {
  const rows = await db.$queryRaw`
    SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS "now",
      current_setting('transaction_read_only') = 'on' AS "isReadOnly",
      "seen" AS "workerSeenAt", extract(epoch FROM clock_timestamp() - "seen")::float8 * 1000 AS "workerSilentMs"
    FROM (SELECT max("seen_at_utc") AS "seen" FROM "heartbeats"
      WHERE "kind" = 'worker' AND "seen_at_utc" < clock_timestamp() + interval '1 second') AS worker`
  const [{ now, isReadOnly, workerSeenAt, workerSilentMs }] = state.parse(rows)
  return { now, isReadOnly, worker: workerState(workerSeenAt, workerSilentMs) }
}

export const readWorkerState = async (db: DatabaseHandle): Promise<WorkerState> => (await readDatabaseState(db)).worker
