import 'server-only'
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** HMAC-SHA256 over the parts, one after the other. */
export function hmac(secret: string | Buffer, ...parts: readonly (string | Buffer)[]): Buffer {
  const mac = createHmac('sha256', secret)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

/** In hexadecimal digits. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Compares in a time that depends on the length alone, which is no secret of a digest. */
export function isEqual(given: string | Buffer, expected: string | Buffer): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}
