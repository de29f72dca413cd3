import 'server-only'
import type { DatabaseHandle } from '~/server/platform/database'

export function findPasskey(db: DatabaseHandle, credentialID: string) {
  return db.passkey.findUnique({
    where: { credentialID },
    select: { id: true, userId: true, credentialID: true, publicKey: true, counter: true },
  })
}

export async function notePasskeyCounter(db: DatabaseHandle, id: string, counter: number): Promise<void> {
  await db.passkey.updateMany({ where: { id }, data: { counter } })
}
