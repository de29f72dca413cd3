import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'

const ahead = z.tuple([z.object({ ms: z.number() })])

/**
 * Counts requests of a sender, in one statement, as `spentMs`: the time that they take at the limit. Returns for how many milliseconds
 * from now the requests of all replicas have used the rate.
 */
export async function addToRate(db: DatabaseHandle, key: string, spentMs: number): Promise<number> {
  const rows = await db.$queryRaw`
    INSERT INTO "request_rates" AS r ("key", "used_until_utc")
    VALUES (${key}, clock_timestamp() + make_interval(secs => ${spentMs / 1000}::float8))
    ON CONFLICT ("key") DO UPDATE SET
      "used_until_utc" = greatest(r."used_until_utc", clock_timestamp()) + make_interval(secs => ${spentMs / 1000}::float8)
    RETURNING extract(epoch FROM "used_until_utc" - clock_timestamp())::float8 * 1000 AS "ms"`
  return ahead.parse(rows)[0].ms
}

/** Deletes rows that limit nobody any more. */
export async function forgetUnusedRates(db: DatabaseHandle): Promise<void> {
  await db.$executeRaw`DELETE FROM "request_rates" WHERE "used_until_utc" < clock_timestamp()`
}
