import 'server-only'
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ServerConfig } from '~/server/config'

type Signing = Pick<ServerConfig, 'authSecrets' | 'consoleUrl'>

export const COOKIE_PREFIX = 'console'

/** `__Secure-`: the browser takes and sends it over TLS only (RFC 6265bis, 4.1.3). */
export const cookieName = ({ consoleUrl }: Pick<Signing, 'consoleUrl'>): string =>
  `${consoleUrl.startsWith('https://') ? '__Secure-' : ''}${COOKIE_PREFIX}.session_token`

/** The session cookie's value as it was sent; null without one. */
export function sessionCookie(config: Signing, headers: Headers): string | null {
  const name = `${cookieName(config)}=`
  const cookies = (headers.get('cookie') ?? '').split(';').map((cookie) => cookie.trim())
  return cookies.find((cookie) => cookie.startsWith(name))?.slice(name.length) || null
}

/** Takes the session cookie out of a request's headers; the others stay. */
export function dropSession(config: Signing, headers: Headers): void {
  const cookies = (headers.get('cookie') ?? '').split(';').map((cookie) => cookie.trim())
  const others = cookies.filter((cookie) => !cookie.startsWith(`${cookieName(config)}=`))
  headers.set('cookie', others.join('; '))
}

/**
 * better-auth verifies cookies with the current secret only. One signed with an older secret of the list is given the
 * signature the current one makes, so that nobody is signed out by a rotation.
 */
export function withCurrentSignature(config: Signing, headers: Headers): Headers {
  const [current, ...older] = config.authSecrets
  const sent = sessionCookie(config, headers)
  if (current === undefined || older.length === 0 || sent === null) return headers
  const { token, signature } = parts(sent)
  if (!older.some((secret) => isSignature(signature, sign(token, secret)))) return headers
  const renewed = new Headers(headers)
  const value = encodeURIComponent(`${token}.${sign(token, current)}`)
  renewed.set(
    'cookie',
    (headers.get('cookie') ?? '').replace(sent, () => value),
  )
  return renewed
}

/** As better-auth signs: `token.base64(HMAC-SHA256)`, percent-encoded. */
function parts(sent: string): { readonly token: string; readonly signature: string } {
  const text = decoded(sent)
  const dot = text.lastIndexOf('.')
  return { token: text.slice(0, Math.max(dot, 0)), signature: text.slice(dot + 1) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

const sign = (token: string, secret: string): string => createHmac('sha256', secret).update(token).digest('base64')

function isSignature(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)]
  return left.length === right.length && timingSafeEqual(left, right)
}
