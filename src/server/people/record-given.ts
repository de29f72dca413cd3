import 'server-only'
import type { Deps } from '~/server/deps'
import { insertAccessGiven } from '~/server/members/access-given.sql'
import { readUserIdOf } from '~/server/members/members'
import type { DatabaseHandle } from '~/server/platform/database'

/**
 * Notes, in the transaction that does it, that `by` (an address) gave somebody access, more of it, or a link for a new password.
 * What the console's own command line or an allow-list gave has no person behind it, and leaves nothing.
 */
export async function recordGiven(
  { newId }: Pick<Deps, 'newId'>,
  tx: DatabaseHandle,
  { userId, by, at }: { readonly userId: string; readonly by: string; readonly at: Date },
): Promise<void> {
  const givenByUserId = await readUserIdOf(tx, by)
  if (givenByUserId !== null) await insertAccessGiven(tx, { id: newId(), userId, givenByUserId, at })
}
