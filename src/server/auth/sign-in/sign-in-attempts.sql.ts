import 'server-only'
import { z } from 'zod'
import type { ServerConfig } from '~/server/platform/config'
import { hmac } from '~/server/platform/crypto'
import type { DatabaseHandle } from '~/server/platform/database'

/** Incorrect passwords in a row before the first lock. */
const FREE_ATTEMPTS = 5
/** The first lock. Each further incorrect password doubles it, up to the longest. */
const FIRST_LOCK_SECONDS = 30
const LONGEST_LOCK_SECONDS = 15 * 60
/** After this time without an attempt, the count starts again. */
const FORGOTTEN_AFTER_MS = 60 * 60_000

const returned = z.array(z.object({ count: z.number() }))

/**
 * Counts an attempt, in one statement. Null: the attempt may proceed. Otherwise the end of the lock; attempts during a lock are
 * not counted, so they do not extend it.
 */
export async function countAttempt(db: DatabaseHandle, digest: string, now: Date): Promise<Date | null> {
  const forgotten = new Date(now.getTime() - FORGOTTEN_AFTER_MS)
  const counted = returned.parse(
    await db.$queryRaw`
      INSERT INTO sign_in_attempts AS a (address_digest, count, last_at_utc) VALUES (${digest}, 1, ${now})
      ON CONFLICT (address_digest) DO UPDATE SET
        count = CASE WHEN a.last_at_utc < ${forgotten} THEN 1 ELSE a.count + 1 END,
        last_at_utc = ${now},
        locked_until_utc = CASE WHEN a.last_at_utc < ${forgotten} OR a.count + 1 < ${FREE_ATTEMPTS} THEN NULL ELSE
          ${now}::timestamptz + make_interval(secs =>
            least(${LONGEST_LOCK_SECONDS}, ${FIRST_LOCK_SECONDS} * 2 ^ least(a.count + 1 - ${FREE_ATTEMPTS}, 20))::double precision)
        END
      WHERE a.locked_until_utc IS NULL OR a.locked_until_utc <= ${now}
      RETURNING a.count`,
  )
  if (counted.length > 0) return null
  const row = await db.signInAttempts.findUnique({ where: { addressDigest: digest }, select: { lockedUntil: true } })
  return row?.lockedUntil ?? null
}

/** The end of the address's lock. Null if it is not locked. */
export async function readLock(db: DatabaseHandle, digest: string, now: Date): Promise<Date | null> {
  const row = await db.signInAttempts.findUnique({ where: { addressDigest: digest }, select: { lockedUntil: true } })
  return row?.lockedUntil && row.lockedUntil > now ? row.lockedUntil : null
}

/** Resets the count after the correct password. Also deletes old counts of other addresses. */
export async function resetAttempts(db: DatabaseHandle, digest: string, now: Date): Promise<void> {
  const forgotten = new Date(now.getTime() - FORGOTTEN_AFTER_MS)
  await db.signInAttempts.deleteMany({ where: { OR: [{ addressDigest: digest }, { lastAt: { lt: forgotten } }] } })
}

type Secrets = Pick<ServerConfig, 'authSecrets'>

/** A keyed digest, because people sometimes type a password into the field of the address. */
const keyed = ({ authSecrets }: Secrets, counted: 'door' | 'own', text: string): string =>
  hmac(authSecrets[0] ?? '', `${counted}:${text.trim().toLowerCase()}`).toString('base64url')

/** The key of the counter of passwords at sign-in. */
export const addressDigest = (config: Secrets, typed: string): string => keyed(config, 'door', typed)

/**
 * The digest under which a signed-in person's passwords are counted. Separate from sign-in: otherwise a stranger who locks the
 * address stops its owner from confirming a deploy, and a stolen session locks its owner out.
 */
export const sessionPasswordDigest = (config: Secrets, email: string): string => keyed(config, 'own', email)
