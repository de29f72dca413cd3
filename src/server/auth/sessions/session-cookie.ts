import 'server-only'
import type { ServerConfig } from '~/server/platform/config'
import { hmac, isEqual } from '~/server/platform/crypto'

type Signing = Pick<ServerConfig, 'authSecrets' | 'consoleUrl'>

export const COOKIE_PREFIX = 'console'

const OURS = new RegExp(`^((?:__Secure-)?${COOKIE_PREFIX}\\.[^=]+)=(.+)$`)

/** `__Secure-`: the browser takes and sends it over TLS only (RFC 6265bis, 4.1.3). */
export const cookieName = ({ consoleUrl }: Pick<Signing, 'consoleUrl'>): string =>
  `${consoleUrl.startsWith('https://') ? '__Secure-' : ''}${COOKIE_PREFIX}.session_token`

/** The session cookie's value as it was sent; null without one. */
export function sessionCookie(config: Signing, headers: Headers): string | null {
  const name = `${cookieName(config)}=`
  const cookies = (headers.get('cookie') ?? '').split(';').map((cookie) => cookie.trim())
  return cookies.find((cookie) => cookie.startsWith(name))?.slice(name.length) || null
}

/** The token in the session cookie, when one of the secrets signed it; null otherwise. */
export function sessionToken(config: Signing, headers: Headers): string | null {
  const { token, signature } = parts(sessionCookie(config, headers) ?? '')
  const isSigned = config.authSecrets.some((secret) => isEqual(signature, sign(token, secret)))
  return token !== '' && isSigned ? token : null
}

/** Takes the session cookie out of a request's headers; the others stay. */
export function dropSession(config: Signing, headers: Headers): void {
  const cookies = (headers.get('cookie') ?? '').split(';').map((cookie) => cookie.trim())
  const others = cookies.filter((cookie) => !cookie.startsWith(`${cookieName(config)}=`))
  headers.set('cookie', others.join('; '))
}

/**
 * better-auth verifies cookies with the current secret only. Those of the console that another secret of the list signed are
 * given the signature the current one makes. So a rotation signs nobody out, and ends no sign-in that one replica began
 * and another, restarted with the new secret or not yet, goes on with.
 */
export function withCurrentSignature({ authSecrets }: Pick<Signing, 'authSecrets'>, headers: Headers): Headers {
  const [current, ...older] = authSecrets
  const sent = headers.get('cookie')
  if (current === undefined || older.length === 0 || sent === null) return headers
  const renewed = new Headers(headers)
  const cookies = sent.split(';').map((cookie) => signedByCurrent(cookie.trim(), current, older))
  renewed.set('cookie', cookies.join('; '))
  return renewed
}

function signedByCurrent(cookie: string, current: string, older: readonly string[]): string {
  const [, name, sent] = OURS.exec(cookie) ?? []
  if (name === undefined || sent === undefined) return cookie
  const { token, signature } = parts(sent)
  if (!older.some((secret) => isEqual(signature, sign(token, secret)))) return cookie
  return `${name}=${encodeURIComponent(`${token}.${sign(token, current)}`)}`
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

const sign = (token: string, secret: string): string => hmac(secret, token).toString('base64')
