import 'server-only'
import { APIError } from 'better-auth/api'
import { countAttempt } from '~/server/auth/sign-in/sign-in-attempts.sql'
import type { Deps } from '~/server/deps'

/**
 * Counts one password before it is looked at, wherever passwords are taken, so that many at once cannot outrun the count.
 * Refuses while the address, of which this is the digest, is locked.
 */
export async function refuseWhenLocked(deps: Pick<Deps, 'db' | 'now'>, digest: string): Promise<void> {
  const lockedUntil = await countAttempt(deps.db, digest, deps.now())
  if (lockedUntil === null) return
  const seconds = Math.max(1, Math.ceil((lockedUntil.getTime() - deps.now().getTime()) / 1000))
  throw new APIError(
    'TOO_MANY_REQUESTS',
    {
      code: 'LOCKED',
      message: `Too many wrong passwords for this address. It takes passwords again in ${inWords(seconds)}. Sessions, passkeys and other ways of signing in still work.`,
    },
    { 'retry-after': String(seconds) },
  )
}

const inWords = (seconds: number): string =>
  seconds <= 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`
