import 'server-only'
import type { DatabaseHandle } from '~/server/platform/database'

export async function readSignInMethods(db: DatabaseHandle, userId: string) {
  const user = await db.user.findUnique({
    where: { id: userId },
    select: {
      name: true,
      email: true,
      twoFactorEnabled: true,
      accounts: { select: { providerId: true, issuer: true }, orderBy: { providerId: 'asc' } },
      passkeys: { select: { id: true, name: true, createdAt: true }, orderBy: { createdAt: 'asc' } },
    },
  })
  if (user === null) return null
  const { accounts, ...rest } = user
  const providers = accounts.filter(({ providerId }) => providerId !== 'credential')
  return { ...rest, providers, password: accounts.length > providers.length }
}

export async function renameUser(tx: DatabaseHandle, id: string, name: string): Promise<void> {
  await tx.user.update({ where: { id }, data: { name }, select: { id: true } })
}

/** Returns false if the person has no such passkey. */
export async function renamePasskey(
  tx: DatabaseHandle,
  { id, userId, name }: { readonly id: string; readonly userId: string; readonly name: string },
): Promise<boolean> {
  return (await tx.passkey.updateMany({ where: { id, userId }, data: { name } })).count > 0
}

export async function deletePasskey(tx: DatabaseHandle, id: string, userId: string): Promise<boolean> {
  return (await tx.passkey.deleteMany({ where: { id, userId } })).count > 0
}

export async function deletePasskeysOf(tx: DatabaseHandle, userId: string): Promise<number> {
  return (await tx.passkey.deleteMany({ where: { userId } })).count
}

/** Disconnects all providers of a person. Returns their number. */
export async function deleteProvidersOf(tx: DatabaseHandle, userId: string): Promise<number> {
  return (await tx.account.deleteMany({ where: { userId, providerId: { not: 'credential' } } })).count
}
