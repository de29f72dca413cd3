import 'server-only'
import { randomBytes } from 'node:crypto'
import { APIError, type createAuthMiddleware } from 'better-auth/api'
import { addressDigest, countAttempt } from '~/server/auth/sign-in/sign-in-attempts.sql'
import type { Deps } from '~/server/deps'
import type { ServerConfig } from '~/server/platform/config'
import { hmac, isEqual } from '~/server/platform/crypto'

/**
 * Counts an attempt before the password is checked, so that simultaneous attempts cannot outrun the count. Refuses if the
 * digest's address is locked.
 */
export async function refuseWhenLocked(deps: Pick<Deps, 'db' | 'now'>, digest: string): Promise<void> {
  const lockedUntil = await countAttempt(deps.db, digest, deps.now())
  if (lockedUntil === null) return
  const seconds = Math.max(1, Math.ceil((lockedUntil.getTime() - deps.now().getTime()) / 1000))
  throw new APIError(
    'TOO_MANY_REQUESTS',
    {
      code: 'LOCKED',
      message: `Too many incorrect passwords for this address. This one was not checked. Try again in ${inWords(seconds)}. Passkeys and other ways to sign in still work.`,
    },
    { 'retry-after': String(seconds) },
  )
}

const inWords = (seconds: number): string =>
  seconds <= 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`

type Context = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0]
type Secrets = Pick<ServerConfig, 'authSecrets'>

const KEPT_DAYS = 180
const cookieOf = (ctx: Context) =>
  ctx.context.createAuthCookie('device', { maxAge: KEPT_DAYS * 24 * 60 * 60, sameSite: 'strict' })

/**
 * The digest under which this browser's passwords for the address are counted at sign-in. A browser in which the person signed
 * in before has its own count, so that a stranger's incorrect passwords do not lock the person out (OWASP, "Slow Down Online
 * Guessing Attacks with Device Cookies"). The cookie holds a signed number, and grants nothing.
 */
export function attemptDigest(config: Secrets, ctx: Context, email: string): string {
  const address = normal(email)
  const [number = '', signature = ''] = (ctx.getCookie(cookieOf(ctx).name) ?? '').split('.')
  const known = config.authSecrets.some((secret) => isEqual(signature, keyed(secret, 'device', number, address)))
  if (!known) return addressDigest(config, address)
  return keyed(config.authSecrets[0] ?? '', 'device count', number, address)
}

/** Gives this browser its own count of passwords for the address. */
export function rememberDevice(config: Secrets, ctx: Context, email: string): void {
  const { name, attributes } = cookieOf(ctx)
  const number = randomBytes(16).toString('base64url')
  ctx.setCookie(name, `${number}.${keyed(config.authSecrets[0] ?? '', 'device', number, normal(email))}`, attributes)
}

const normal = (email: string): string => email.trim().toLowerCase()

const keyed = (secret: string, purpose: 'device' | 'device count', number: string, address: string): string =>
  hmac(secret, `${purpose}:${number}:${address}`).toString('base64url')
