import 'server-only'
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { sha256 } from '~/server/platform/crypto'

/**
 * `dc_`, 32 random bytes in base64url, and a CRC-32 of both in base62, like GitHub's tokens (github.blog, "Behind GitHub's new
 * authentication token formats"). Secret scanners recognise it, and a typo is detected without asking the database.
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

/** The stored digest. Not a slow password hash: 256 random bits cannot be guessed, and each request would pay for the hash. */
export const digestToken = (token: string): string => sha256(token)

/** A short form to recognise a token by. It reveals 24 of the 256 bits, and four characters of the checksum. */
export const shortenToken = (token: string): string => `${token.slice(0, 7)}…${token.slice(-4)}`

function checksumOf(body: string): string {
  let rest = crc32(body)
  let text = ''
  while (text.length < 6) {
    text = BASE62.charAt(rest % 62) + text
    rest = Math.floor(rest / 62)
  }
  return text
}
