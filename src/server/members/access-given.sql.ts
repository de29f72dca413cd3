import 'server-only'
import type { Deps } from '~/server/deps'
import { readUserIdOf } from '~/server/members/members'
import type { DatabaseHandle } from '~/server/platform/database'

/**
 * Whether two people are linked: after `since`, one gave the other access, or a third person gave it to both, directly or through
 * others. Linked accounts may belong to one person.
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

/**
 * Records that the person with the address `by` gave somebody access, more access, or a link for a new password. Access from
 * the command line or an allow-list has no giver, so nothing is recorded.
 */
export async function recordAccessGiven(
  { newId }: Pick<Deps, 'newId'>,
  tx: DatabaseHandle,
  { userId, by, at }: { readonly userId: string; readonly by: string; readonly at: Date },
): Promise<void> {
  const givenByUserId = await readUserIdOf(tx, by)
  if (givenByUserId === null) return
  await tx.accessGiven.create({ data: { id: newId(), userId, givenByUserId, at }, select: { id: true } })
}
