import 'server-only'
import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto'
import { sha256 } from '~/server/platform/crypto'

/** A number for a secret that does not depend on the order of the list. better-auth marks encrypted values with it. */
export function secretVersion(secret: string): number {
  return Number.parseInt(sha256(`version:${secret}`).slice(0, 12), 16)
}

/** The first secret encrypts. Every secret of the list decrypts. */
function encryptionKey(authSecrets: readonly string[]) {
  const versions = authSecrets.map((value) => [secretVersion(value), value] as const)
  return { keys: new Map(versions), currentVersion: versions[0]?.[0] ?? 0 }
}

/** The prefix of every value that better-auth encrypts with this secret. */
export const encryptionMark = (secret: string): string => `$ba$${secretVersion(secret)}$`

/** Whether a secret of the list can decrypt the value. */
export const isReadable = (authSecrets: readonly string[], encrypted: string): boolean =>
  authSecrets.some((secret) => encrypted.startsWith(encryptionMark(secret)))

export const encrypt = (authSecrets: readonly string[], data: string): Promise<string> =>
  symmetricEncrypt({ key: encryptionKey(authSecrets), data })

/** Throws if no secret of the list can decrypt the value. Check with `isReadable` first. */
export const decrypt = (authSecrets: readonly string[], data: string): Promise<string> =>
  symmetricDecrypt({ key: encryptionKey(authSecrets), data })
