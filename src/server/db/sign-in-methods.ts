import 'server-only'
import type { DatabaseHandle } from '~/server/db/client'

/** What somebody can sign in with. */
export async function readSignInMethods(
  db: DatabaseHandle,
  userId: string,
): Promise<{ readonly password: boolean; readonly passkey: boolean }> {
  const password = { accounts: { where: { providerId: 'credential', password: { not: null } } }, passkeys: true }
  const user = await db.user.findUnique({ where: { id: userId }, select: { _count: { select: password } } })
  return { password: (user?._count.accounts ?? 0) > 0, passkey: (user?._count.passkeys ?? 0) > 0 }
}
