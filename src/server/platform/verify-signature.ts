import 'server-only'
import { hkdfSync } from 'node:crypto'
import { hmac, isEqual } from '~/server/platform/crypto'

/** Five minutes earlier or later, as Standard Webhooks recommends. */
const TOLERANCE_SECONDS = 300

export interface SignedMessage {
  readonly id: string | null
  readonly timestamp: string | null
  readonly signature: string | null
  readonly body: Buffer
}

/** The key of a secret: `whsec_<base64>` is decoded, any other value is UTF-8 (docs/contract.md, "Callback"). */
export function secretBytes(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)
}

/** A repository's own secret, derived from the shared one with HKDF-SHA256 (RFC 5869) over `owner/name` in lower case. */
export function repositorySecret(master: string, repository: string): string {
  const key = hkdfSync('sha256', secretBytes(master), '', repository.toLowerCase(), 32)
  return `whsec_${Buffer.from(key).toString('base64')}`
}

/**
 * Verifies a Standard Webhooks signature over the raw bytes. Returns the id, or null for any failure, so that the sender does
 * not learn the reason. Compares every secret with every signature, so that the time does not depend on the match.
 */
export function verifySignature(secrets: readonly string[], message: SignedMessage, now: Date): string | null {
  const { id, timestamp, signature, body } = message
  if (!id || !timestamp || !signature || id.length > 256 || signature.length > 4096) return null
  if (!/^\d{1,12}$/.test(timestamp)) return null
  const age = Math.abs(Math.floor(now.getTime() / 1000) - Number(timestamp))
  const offered = signature
    .split(' ')
    .filter((part) => part.startsWith('v1,'))
    .map((part) => Buffer.from(part.slice('v1,'.length), 'base64'))

  let matched = false
  for (const secret of secrets) {
    const expected = hmac(secretBytes(secret), `${id}.${timestamp}.`, body)
    for (const candidate of offered) {
      const equal = isEqual(candidate, expected)
      matched = matched || equal
    }
  }
  return matched && age <= TOLERANCE_SECONDS ? id : null
}
