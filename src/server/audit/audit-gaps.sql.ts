import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'

const PAGE = 10_000
const LOWEST_ID = -(2n ** 63n)
const HIGHEST_ID = 2n ** 63n - 1n

const found = (rows: unknown) => z.tuple([z.object({ id: z.bigint().nullable() })]).parse(rows)[0].id

/**
 * The first row of the trail that neither has a seal nor waits for one; null when there is none. Page by page along the key.
 * Both sides are of one statement, so a row that is sealed meanwhile is on one of them.
 */
export async function findStray(db: DatabaseHandle): Promise<bigint | null> {
  let from = LOWEST_ID
  while (from <= HIGHEST_ID) {
    const upTo = found(
      await db.$queryRaw`
      SELECT max("id") AS "id" FROM (
        SELECT "id" FROM "audit_events" WHERE "id" >= ${from}::bigint ORDER BY "id" LIMIT ${PAGE}) AS "page"`,
    )
    if (upTo === null) return null
    const stray = found(
      await db.$queryRaw`
      SELECT min(e."id") AS "id" FROM "audit_events" AS e
      LEFT JOIN "audit_seals" AS s ON s."audit_event_id" = e."id" AND s."audit_event_id" BETWEEN ${from} AND ${upTo}
      LEFT JOIN "audit_unsealed" AS u ON u."audit_event_id" = e."id" AND u."audit_event_id" BETWEEN ${from} AND ${upTo}
      WHERE e."id" BETWEEN ${from} AND ${upTo} AND s."seq" IS NULL AND u."audit_event_id" IS NULL`,
    )
    if (stray !== null) return stray
    from = upTo + 1n
  }
  return null
}

/** The first id that waits for a seal and is no row any more; null when there is none. */
export async function findLostWaiting(db: DatabaseHandle): Promise<bigint | null> {
  return found(
    await db.$queryRaw`
    SELECT min(u."audit_event_id") AS "id" FROM "audit_unsealed" AS u
    WHERE NOT EXISTS (SELECT FROM "audit_events" AS e WHERE e."id" = u."audit_event_id")`,
  )
}
