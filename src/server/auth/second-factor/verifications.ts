import 'server-only'
import type { DatabaseHandle } from '~/server/platform/database'

interface Kept {
  /** 64 hex digits. */
  readonly digest: string
  readonly at: Date
  readonly expiresAt: Date
}

/**
 * Remembers that something was used, in the table of what expires. The row's own key is made of the digest, so that of two
 * requests at once one is refused by the database. False: it was used before.
 */
export async function keepOnce(db: DatabaseHandle, { digest, at, expiresAt }: Kept): Promise<boolean> {
  await db.verification.deleteMany({ where: { identifier: { startsWith: USED }, expiresAt: { lt: at } } })
  const { count } = await db.verification.createMany({
    data: [{ id: uuidOf(digest), identifier: `${USED}${digest}`, value: 'used', expiresAt }],
    skipDuplicates: true,
  })
  return count === 1
}

/** Whatever somebody began and has not ended: a sign-in that waits for its second factor, a provider about to be connected. */
export async function forgetStartedBy(tx: DatabaseHandle, userId: string): Promise<void> {
  // The library keeps the user id in the value, alone or within JSON.
  await tx.verification.deleteMany({ where: { value: { contains: userId } } })
}

const USED = 'used-code:'

/** 122 of the digest's bits as a UUID of the application's own kind (RFC 9562, 5.8). */
function uuidOf(digest: string): string {
  const variant = '89ab'[Number.parseInt(digest.slice(16, 17), 16) % 4]
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`]
  return [...parts, `${variant}${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-')
}
