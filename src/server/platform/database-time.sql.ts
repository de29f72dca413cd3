import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'

const times = z.tuple([z.object({ ms: z.number() })])

/** The time of the database, also in the midst of a transaction. The clocks of two processes may differ by more than the pause between probes. */
export async function readDatabaseTime(db: DatabaseHandle): Promise<Date> {
  const rows = await db.$queryRaw`SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "ms"`
  return new Date(times.parse(rows)[0].ms)
}
