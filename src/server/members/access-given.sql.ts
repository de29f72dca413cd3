import 'server-only'
import type { DatabaseHandle } from '~/server/platform/database'

interface AccessGiven {
  readonly id: string
  readonly userId: string
  readonly givenByUserId: string
  readonly at: Date
}

export async function insertAccessGiven(tx: DatabaseHandle, given: AccessGiven): Promise<void> {
  await tx.accessGiven.create({ data: given, select: { id: true } })
}

/**
 * Whether one of the two got access from the other after `since`, or both did from the same person, or by way of others:
 * whoever is at one end may then be at the other end as well.
 */
export async function areLinked(
  db: DatabaseHandle,
  { one, other, since }: { readonly one: string; readonly other: string; readonly since: Date },
): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    WITH RECURSIVE linked("user_id") AS (
      SELECT ${one}::uuid
      UNION
      SELECT CASE g."user_id" WHEN l."user_id" THEN g."given_by_user_id" ELSE g."user_id" END
      FROM linked AS l JOIN "access_given" AS g ON l."user_id" IN (g."user_id", g."given_by_user_id")
      WHERE g."at_utc" > ${since}
    )
    SELECT 1 FROM linked WHERE "user_id" = ${other}::uuid`
  return rows.length > 0
}
