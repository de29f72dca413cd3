import 'server-only'
import { keepOnce } from '~/server/auth/second-factor/verifications'
import type { Deps } from '~/server/deps'
import { hmac } from '~/server/platform/crypto'

/** Longer than the library takes a code for: its own half minute, and one on either side. */
const KEPT_MINUTES = 5

/**
 * Whether this is the first time somebody gives this code. A code is used up by being given (RFC 6238, 5.2), before it is
 * looked at, so that two requests at once cannot both use it. Kept as a digest that says neither code nor person.
 */
export function claimCode({ db, now, config }: Pick<Deps, 'db' | 'now' | 'config'>, userId: string, code: string) {
  const digest = hmac(config.authSecrets[0] ?? '', `code:${userId}:${code.trim()}`).toString('hex')
  const at = now()
  return keepOnce(db, { digest, at, expiresAt: new Date(at.getTime() + KEPT_MINUTES * 60_000) })
}
