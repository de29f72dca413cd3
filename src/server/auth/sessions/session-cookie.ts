import 'server-only'
import type { ServerConfig } from '~/server/platform/config'
import { hmac, isEqual } from '~/server/platform/crypto'

type Signing = Pick<ServerConfig, 'authSecrets' | 'consoleUrl'>

export const COOKIE_PREFIX = 'console'

const OURS = new RegExp(`^((?:__Secure-)?${COOKIE_PREFIX}\\.[^=]+)=(.+)$`)

/** The prefix `__Secure-` makes browsers use the cookie only over TLS (RFC 6265bis, 4.1.3). */
export const cookieName = ({ consoleUrl }: Pick<Signing, 'consoleUrl'>): string =>
  `${consoleUrl.startsWith('https://') ? '__Secure-' : ''}${COOKIE_PREFIX}.session_token`

/** The session cookie's raw value. Null without one. */
export function sessionCookie(config: Signing, headers: Headers): string | null {
  const name = `${cookieName(config)}=`
  const cookies = (headers.get('cookie') ?? '').split(';').map((cookie) => cookie.trim())
  return cookies.find((cookie) => cookie.startsWith(name))?.slice(name.length) || null
}

/** The session token, if the cookie was signed with one of the secrets. Null otherwise. */
export function sessionToken(config: Signing, headers: Headers): string | null {
  const { token, signature } = splitSigned(sessionCookie(config, headers) ?? '')
  const isSigned = config.authSecrets.some((secret) => isEqual(signature, sign(token, secret)))
  return token !== '' && isSigned ? token : null
}

export function dropSession(config: Signing, headers: Headers): void {
  const cookies = (headers.get('cookie') ?? '').split(';').map((cookie) => cookie.trim())
  const others = cookies.filter((cookie) => !cookie.startsWith(`${cookieName(config)}=`))
  headers.set('cookie', others.join('; '))
}

/**
 * Signs cookies of older secrets again with the current one, because better-auth verifies only with the current one. So a
 * rotation of the secret signs nobody out, and a sign-in may continue on a replica that has another secret first.
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
  const { token, signature } = splitSigned(sent)
  if (!older.some((secret) => isEqual(signature, sign(token, secret)))) return cookie
  return `${name}=${encodeURIComponent(`${token}.${sign(token, current)}`)}`
}

/** Splits better-auth's signed cookie: `token.base64(HMAC-SHA256)`, percent-encoded. */
function splitSigned(sent: string): { readonly token: string; readonly signature: string } {
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
