import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'

/** Wrong passwords in a row that go unpunished. */
const FREE_ATTEMPTS = 5
/** How long the first one after them locks; each further one twice as long, up to the longest. */
const FIRST_LOCK_SECONDS = 30
const LONGEST_LOCK_SECONDS = 15 * 60
/** Quiet for so long, an address starts anew. */
const FORGOTTEN_AFTER_MS = 60 * 60_000

const returned = z.array(z.object({ count: z.number() }))

/**
 * Counts one attempt, in one statement. Null: it may go on. Otherwise until when the address is locked; then nothing was
 * counted, so asking during a lock does not make it longer.
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

/** Until when the attempts so far lock the address; null when they do not. */
export async function readLock(db: DatabaseHandle, digest: string, now: Date): Promise<Date | null> {
  const row = await db.signInAttempts.findUnique({ where: { addressDigest: digest }, select: { lockedUntil: true } })
  return row?.lockedUntil && row.lockedUntil > now ? row.lockedUntil : null
}

/** The right password was given: this address starts anew. Old rows of other addresses go with it. */
export async function forgetAttempts(db: DatabaseHandle, digest: string, now: Date): Promise<void> {
  const forgotten = new Date(now.getTime() - FORGOTTEN_AFTER_MS)
  await db.signInAttempts.deleteMany({ where: { OR: [{ addressDigest: digest }, { lastAt: { lt: forgotten } }] } })
}
