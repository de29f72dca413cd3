import 'server-only'
import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto'
import { sha256 } from '~/server/platform/crypto'

/** A number for a secret that stays its own wherever it stands in the list; better-auth marks encrypted values with it. */
export function secretVersion(secret: string): number {
  return Number.parseInt(sha256(`version:${secret}`).slice(0, 12), 16)
}

/** The first secret encrypts, every one of the list decrypts. */
function encryptionKey(authSecrets: readonly string[]) {
  const versions = authSecrets.map((value) => [secretVersion(value), value] as const)
  return { keys: new Map(versions), currentVersion: versions[0]?.[0] ?? 0 }
}

/** What better-auth puts in front of everything it encrypts under this secret. */
export const encryptionMark = (secret: string): string => `$ba$${secretVersion(secret)}$`

/** Whether the secret a value was encrypted under is still one of the list. */
export const isReadable = (authSecrets: readonly string[], encrypted: string): boolean =>
  authSecrets.some((secret) => encrypted.startsWith(encryptionMark(secret)))

export const encrypt = (authSecrets: readonly string[], data: string): Promise<string> =>
  symmetricEncrypt({ key: encryptionKey(authSecrets), data })

/** Throws for what was encrypted under a secret that is not in the list: ask `isReadable` first. */
export const decrypt = (authSecrets: readonly string[], data: string): Promise<string> =>
  symmetricDecrypt({ key: encryptionKey(authSecrets), data })
