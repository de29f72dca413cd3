import 'server-only'
import { createHash } from 'node:crypto'

/** A number for a secret that stays its own wherever it stands in the list; better-auth marks encrypted values with it. */
export function secretVersion(secret: string): number {
  return createHash('sha256').update(`version:${secret}`).digest().readUIntBE(0, 6)
}
