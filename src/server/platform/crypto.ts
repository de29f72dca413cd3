import 'server-only'
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** HMAC-SHA256 over the concatenated parts. */
export function hmac(secret: string | Buffer, ...parts: readonly (string | Buffer)[]): Buffer {
  const mac = createHmac('sha256', secret)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

/** SHA-256 in hexadecimal. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Constant-time comparison. The time depends only on the length, which is not secret. */
export function isEqual(given: string | Buffer, expected: string | Buffer): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}
