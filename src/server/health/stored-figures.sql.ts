import 'server-only'
import { z } from 'zod'
import { TERMINAL_STATUSES } from '~/domain/deploy/status'
import type { Database } from '~/server/platform/database'

const storedFigure = z.object({
  figure: z.enum(['jobs', 'job_wait', 'deploys', 'surfaces', 'probe_age', 'held', 'unsealed', 'unsealed_age']),
  /** The labels of the figure. Empty if it has none. */
  a: z.string(),
  b: z.string(),
  value: z.number(),
})
export type StoredFigure = z.output<typeof storedFigure>

/** A queue or a list without seals that is longer than this is shown as this long, so that a scrape stays cheap. */
const COUNTED_AT_MOST = 10_000
const WITHIN_MS = 2_000

/** The figures of the database that all processes share. Throws if the database does not answer within two seconds. */
export async function readStoredFigures(db: Database): Promise<StoredFigure[]> {
  const rows = await db.$transaction(
    async (tx) => {
      await tx.$executeRaw`SELECT set_config('statement_timeout', ${String(WITHIN_MS)}, true)`
      return tx.$queryRaw`
        WITH job AS (
          SELECT "task_identifier" AS "task", extract(epoch FROM now() - "run_at") AS "waits", CASE
            WHEN "locked_at" IS NOT NULL THEN 'running' WHEN "attempts" >= "max_attempts" THEN 'failed'
            WHEN "run_at" > now() THEN 'scheduled' ELSE 'ready' END AS "state"
          FROM graphile_worker.jobs LIMIT ${COUNTED_AT_MOST}),
        surface AS (
          SELECT "environment", "health", extract(epoch FROM now() - "health_checked_at_utc") AS "age"
          FROM "surfaces" WHERE "archived_at_utc" IS NULL),
        followed AS (
          SELECT "environment", "status", "holds_surface" AS "holds" FROM "console_deploys"
          WHERE "finished_at_utc" IS NULL OR "holds_surface"),
        unsealed AS (SELECT "audit_event_id" AS "id" FROM "audit_unsealed" ORDER BY 1 LIMIT ${COUNTED_AT_MOST})
        SELECT 'jobs' AS "figure", "task" AS "a", "state" AS "b", count(*)::float8 AS "value" FROM job GROUP BY 2, 3
        UNION ALL SELECT 'job_wait', "task", '', max("waits")::float8 FROM job WHERE "state" = 'ready' GROUP BY 2
        UNION ALL SELECT 'deploys', "environment", "status", count(*)::float8 FROM followed
          WHERE "status" <> ALL(${[...TERMINAL_STATUSES]}::text[]) GROUP BY 2, 3
        UNION ALL SELECT 'held', '', '', count(*)::float8 FROM followed WHERE "holds"
        UNION ALL SELECT 'surfaces', "environment", "health", count(*)::float8 FROM surface GROUP BY 2, 3
        UNION ALL SELECT 'probe_age', "environment", '', max("age")::float8 FROM surface WHERE "age" IS NOT NULL GROUP BY 2
        UNION ALL SELECT 'unsealed', '', '', count(*)::float8 FROM unsealed
        UNION ALL SELECT 'unsealed_age', '', '', extract(epoch FROM now() - "at_utc")::float8 FROM "audit_events"
          WHERE "id" = (SELECT min("id") FROM unsealed)`
    },
    { maxWait: WITHIN_MS, timeout: WITHIN_MS * 2 },
  )
  return z.array(storedFigure).parse(rows)
}
