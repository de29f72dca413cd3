import 'server-only'
import { randomBytes } from 'node:crypto'
import type { createAuthMiddleware } from 'better-auth/api'
import { addressDigest } from '~/server/platform/address-digest'
import type { ServerConfig } from '~/server/platform/config'
import { hmac, isEqual } from '~/server/platform/crypto'

// Whoever types wrong passwords on purpose locks an address for everybody. So a browser that somebody signed in with before is
// counted on its own (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"): it holds a number of its own, signed
// together with the address. Nothing is stored for it, and it opens nothing: it only says which count a password goes to.

type Context = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0]
type Secrets = Pick<ServerConfig, 'authSecrets'>

const KEPT_DAYS = 180
const cookieOf = (ctx: Context) =>
  ctx.context.createAuthCookie('device', { maxAge: KEPT_DAYS * 24 * 60 * 60, sameSite: 'strict' })

/** What passwords for this address, given at the door by this browser, are counted under. */
export function doorDigest(config: Secrets, ctx: Context, email: string): string {
  const address = normal(email)
  const [number = '', signature = ''] = (ctx.getCookie(cookieOf(ctx).name) ?? '').split('.')
  const known = config.authSecrets.some((secret) => isEqual(signature, keyed(secret, 'device', number, address)))
  if (!known) return addressDigest(config, address)
  return keyed(config.authSecrets[0] ?? '', 'device count', number, address)
}

/** From now on this browser is known for this address. */
export function rememberDevice(config: Secrets, ctx: Context, email: string): void {
  const { name, attributes } = cookieOf(ctx)
  const number = randomBytes(16).toString('base64url')
  ctx.setCookie(name, `${number}.${keyed(config.authSecrets[0] ?? '', 'device', number, normal(email))}`, attributes)
}

const normal = (email: string): string => email.trim().toLowerCase()

const keyed = (secret: string, purpose: 'device' | 'device count', number: string, address: string): string =>
  hmac(secret, `${purpose}:${number}:${address}`).toString('base64url')
