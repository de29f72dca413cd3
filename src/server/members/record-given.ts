import 'server-only'
import { insertAccessGiven } from '~/server/db/access-given.sql'
import type { DatabaseHandle } from '~/server/db/client'
import { readUserIdOf } from '~/server/db/members'
import type { Deps } from '~/server/deps'

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
