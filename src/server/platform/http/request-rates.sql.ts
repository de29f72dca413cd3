import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'

const ahead = z.tuple([z.object({ ms: z.number() })])

/**
 * A sender is refused once its requests have used the rate one minute ahead. The second minute is for requests that replicas admit before
 * they know of each other's. A time more than a second beyond it was written before the clock was set back; the column rounds up by less
 * than a second.
 */
const MOST_AHEAD_SECONDS = 120

/**
 * Counts requests of a sender, in one statement, as `spentMs`: the time that they take at the limit. Returns for how many milliseconds
 * from now the requests of all replicas have used the rate. A sender waits for at most a minute.
 */
export async function addToRate(db: DatabaseHandle, key: string, spentMs: number): Promise<number> {
  const spent = Prisma.sql`make_interval(secs => ${spentMs / 1000}::float8)`
  const most = Prisma.sql`make_interval(secs => ${MOST_AHEAD_SECONDS}::float8)`
  const rows = await db.$queryRaw`
    INSERT INTO "request_rates" AS r ("key", "used_until_utc")
    VALUES (${key}, clock_timestamp() + ${spent})
    ON CONFLICT ("key") DO UPDATE SET
      "used_until_utc" = least(clock_timestamp() + ${most}, ${spent} + CASE
        WHEN r."used_until_utc" < clock_timestamp() + ${most} + interval '1 second' THEN greatest(r."used_until_utc", clock_timestamp())
        ELSE clock_timestamp() END)
    RETURNING extract(epoch FROM "used_until_utc" - clock_timestamp())::float8 * 1000 AS "ms"`
  return ahead.parse(rows)[0].ms
}

/** Deletes rows that limit nobody any more. */
export async function forgetUnusedRates(db: DatabaseHandle): Promise<void> {
  await db.$executeRaw`DELETE FROM "request_rates" WHERE "used_until_utc" < clock_timestamp()`
}
