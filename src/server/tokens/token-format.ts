import 'server-only'
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { sha256 } from '~/server/platform/crypto'

/**
 * `dc_`, 32 random bytes in base64url, and six characters of checksum: the CRC-32 of all before it in base62, as GitHub
 * does it (github.blog, "Behind GitHub's new authentication token formats"). A scanner that finds such a text knows that
 * it is a token, and a typo is told from one without asking the database. The checksum keeps no secret.
 */
const PREFIX = 'dc_'
const SHAPE = /^(dc_[A-Za-z0-9_-]{43})([0-9A-Za-z]{6})$/
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export function newToken(): string {
  const body = PREFIX + randomBytes(32).toString('base64url')
  return body + checksumOf(body)
}

export function isToken(text: string): boolean {
  const [, body, checksum] = SHAPE.exec(text) ?? []
  return body !== undefined && checksumOf(body) === checksum
}

/**
 * What is stored. A plain SHA-256, not a slow password hash: 256 random bits cannot be guessed or looked up in any table,
 * and a slow hash on every request would only help whoever wants to keep the console busy.
 */
export const digestToken = (token: string): string => sha256(token)

/** To recognise it by: 24 bits of the 256, and four characters of the checksum. */
export const shownOf = (token: string): string => `${token.slice(0, 7)}…${token.slice(-4)}`

function checksumOf(body: string): string {
  let rest = crc32(body)
  let text = ''
  while (text.length < 6) {
    text = BASE62.charAt(rest % 62) + text
    rest = Math.floor(rest / 62)
  }
  return text
}
