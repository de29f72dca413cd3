import 'server-only'
import type { Deps } from '~/server/deps'
import { hmac } from '~/server/platform/crypto'
import type { DatabaseHandle } from '~/server/platform/database'

export interface SecondFactorRow {
  readonly id: string
  readonly secret: string
  readonly backupCodes: string
}

const encrypted = { id: true, secret: true, backupCodes: true } as const

/** A page of second factors that are not completely encrypted with the secret of `mark`, by id. */
export function listSecondFactorsWithout(
  db: DatabaseHandle,
  mark: string,
  page: { readonly after: string | null; readonly take: number },
): Promise<SecondFactorRow[]> {
  const marked = { secret: { startsWith: mark }, backupCodes: { startsWith: mark } }
  return db.twoFactor.findMany({
    where: { NOT: marked, ...(page.after === null ? {} : { id: { gt: page.after } }) },
    select: encrypted,
    orderBy: { id: 'asc' },
    take: page.take,
  })
}

export function readSecondFactor(db: DatabaseHandle, userId: string): Promise<SecondFactorRow | null> {
  return db.twoFactor.findFirst({ where: { userId }, select: encrypted })
}

/** Returns false, and changes nothing, if the row changed since it was read, for example because a backup code was used. */
export async function replaceSecondFactor(
  db: DatabaseHandle,
  read: SecondFactorRow,
  by: Pick<SecondFactorRow, 'secret' | 'backupCodes'>,
): Promise<boolean> {
  const { secret, backupCodes } = by
  return (await db.twoFactor.updateMany({ where: { ...read }, data: { secret, backupCodes } })).count === 1
}

/** Longer than a code is valid: its own 30 seconds, and the 30 seconds before and after. */
const KEPT_MINUTES = 5

/**
 * Returns whether this is the first use of a code. A code is marked as used before it is checked (RFC 6238, 5.2), so that two
 * simultaneous requests cannot both use it. Only a keyed digest is stored.
 */
export function claimCode({ db, now, config }: Pick<Deps, 'db' | 'now' | 'config'>, userId: string, code: string) {
  const digest = hmac(config.authSecrets[0] ?? '', `code:${userId}:${code.trim()}`).toString('hex')
  const at = now()
  return markUsed(db, { digest, at, expiresAt: new Date(at.getTime() + KEPT_MINUTES * 60_000) })
}

interface UsedCode {
  /** 64 hex digits. */
  readonly digest: string
  readonly at: Date
  readonly expiresAt: Date
}

/**
 * Stores a used code among the library's verifications, which expire. The primary key is made of the digest, so the database
 * refuses the second of two simultaneous requests. Returns false if the code was used before.
 */
async function markUsed(db: DatabaseHandle, { digest, at, expiresAt }: UsedCode): Promise<boolean> {
  await db.verification.deleteMany({ where: { identifier: { startsWith: USED }, expiresAt: { lt: at } } })
  const { count } = await db.verification.createMany({
    data: [{ id: uuidOf(digest), identifier: `${USED}${digest}`, value: 'used', expiresAt }],
    skipDuplicates: true,
  })
  return count === 1
}

/** Deletes a person's unfinished sign-ins and connections of providers. */
export async function deletePendingSignIns(tx: DatabaseHandle, userId: string): Promise<void> {
  // The library stores the user id in the value, alone or within JSON.
  await tx.verification.deleteMany({ where: { value: { contains: userId } } })
}

const USED = 'used-code:'

/** 122 bits of the digest as a UUID of version 8 (RFC 9562, 5.8). */
function uuidOf(digest: string): string {
  const variant = '89ab'[Number.parseInt(digest.slice(16, 17), 16) % 4]
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`]
  return [...parts, `${variant}${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-')
}
