import 'server-only'
import { z } from 'zod'
import { decrypt, encrypt, encryptionMark, isReadable } from '~/server/auth/library/encryption'
import { listChannelsWithout, replaceSealed } from '~/server/deliveries/delivery-channels'
import type { Deps } from '~/server/deps'

/** What is kept of a channel encrypted, as second factors are. */
const sealed = z.object({
  url: z.string(),
  /** What deliveries are signed with; null for Slack. */
  secret: z.string().nullable(),
})
export type SealedChannel = z.output<typeof sealed>

export const sealChannel = (authSecrets: readonly string[], channel: SealedChannel): Promise<string> =>
  encrypt(authSecrets, JSON.stringify(channel))

/** Null when it was encrypted under a secret that is no longer in the list. */
export async function openChannel(authSecrets: readonly string[], text: string): Promise<SealedChannel | null> {
  if (!isReadable(authSecrets, text)) return null
  return sealed.parse(JSON.parse(await decrypt(authSecrets, text)))
}

/** Brings every channel under the first secret, so that the others can be taken out of the list; as `renewSecondFactors` does. */
export async function renewChannels({ db, config: { authSecrets } }: Pick<Deps, 'db' | 'config'>): Promise<void> {
  const [current] = authSecrets
  if (current === undefined) return
  for (const { id, sealed: kept } of await listChannelsWithout(db, encryptionMark(current))) {
    const opened = await openChannel(authSecrets, kept)
    if (opened !== null) await replaceSealed(db, { id, sealed: kept }, await sealChannel(authSecrets, opened))
  }
}
