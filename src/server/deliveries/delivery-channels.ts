import 'server-only'
import { z } from 'zod'
import { decrypt, encrypt, encryptionMark, isReadable } from '~/server/auth/library/encryption'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

const channelSelect = {
  id: true,
  kind: true,
  name: true,
  host: true,
  createdBy: true,
  createdAt: true,
  disabledAt: true,
} satisfies Prisma.DeliveryChannelSelect

export type ChannelRow = Prisma.DeliveryChannelGetPayload<{ select: typeof channelSelect }>

/** Channels that were not removed, the oldest first. */
export const readChannels = (db: DatabaseHandle): Promise<ChannelRow[]> =>
  db.deliveryChannel.findMany({ where: { removedAt: null }, select: channelSelect, orderBy: { id: 'asc' } })

export const findChannel = (db: DatabaseHandle, id: string): Promise<ChannelRow | null> =>
  db.deliveryChannel.findFirst({ where: { id, removedAt: null }, select: channelSelect })

export const insertChannel = (db: DatabaseHandle, data: Prisma.DeliveryChannelCreateInput): Promise<ChannelRow> =>
  db.deliveryChannel.create({ data, select: channelSelect })

/** False when nothing changed, or the channel was removed in the meantime. */
export async function setChannelDisabled(db: DatabaseHandle, id: string, enabled: boolean, at: Date): Promise<boolean> {
  const where = { id, removedAt: null, disabledAt: enabled ? { not: null } : null }
  return (await db.deliveryChannel.updateMany({ where, data: { disabledAt: enabled ? null : at } })).count > 0
}

/** Erases address and secret. The row stays, since its deliveries refer to it. */
export async function eraseChannel(db: DatabaseHandle, id: string, at: Date): Promise<boolean> {
  const data = { removedAt: at, sealed: null }
  return (await db.deliveryChannel.updateMany({ where: { id, removedAt: null }, data })).count > 0
}

const deliverySelect = {
  id: true,
  event: true,
  state: true,
  attempts: true,
  lastStatus: true,
  lastError: true,
  nextTryAt: true,
  updatedAt: true,
  deploy: { select: { id: true, status: true, surface: { select: { name: true } } } },
} satisfies Prisma.DeliverySelect

export type ListedDelivery = Prisma.DeliveryGetPayload<{ select: typeof deliverySelect }>

/** The last deliveries of a channel, the newest first. */
export const listLastDeliveries = (db: DatabaseHandle, channelId: string, take: number): Promise<ListedDelivery[]> =>
  db.delivery.findMany({ where: { channelId }, select: deliverySelect, orderBy: { createdAt: 'desc' }, take })

/** Channels that are not encrypted under the secret with this mark. */
async function listChannelsSealedWithout(db: DatabaseHandle, mark: string): Promise<{ id: string; sealed: string }[]> {
  const rows = await db.deliveryChannel.findMany({
    where: { sealed: { not: null }, NOT: { sealed: { startsWith: mark } } },
    select: { id: true, sealed: true },
  })
  return rows.flatMap(({ id, sealed }) => (sealed === null ? [] : [{ id, sealed }]))
}

/** Changes nothing when the row changed after it was read. */
async function replaceSealed(
  db: DatabaseHandle,
  read: { readonly id: string; readonly sealed: string },
  sealed: string,
): Promise<void> {
  await db.deliveryChannel.updateMany({ where: { ...read }, data: { sealed } })
}

/** The encrypted part of a channel. */
const sealed = z.object({
  url: z.string(),
  /** The key that signs deliveries; null for Slack. */
  secret: z.string().nullable(),
})
type SealedChannel = z.output<typeof sealed>

export const sealChannel = (authSecrets: readonly string[], channel: SealedChannel): Promise<string> =>
  encrypt(authSecrets, JSON.stringify(channel))

/** Null when the channel is encrypted under a secret that is no longer in the list. */
export async function openChannel(authSecrets: readonly string[], text: string): Promise<SealedChannel | null> {
  if (!isReadable(authSecrets, text)) return null
  return sealed.parse(JSON.parse(await decrypt(authSecrets, text)))
}

/** Encrypts every channel under the first secret again, so that the other secrets can be removed from the list. */
export async function resealChannels({ db, config: { authSecrets } }: Pick<Deps, 'db' | 'config'>): Promise<void> {
  const [current] = authSecrets
  if (current === undefined) return
  for (const { id, sealed: kept } of await listChannelsSealedWithout(db, encryptionMark(current))) {
    const opened = await openChannel(authSecrets, kept)
    if (opened !== null) await replaceSealed(db, { id, sealed: kept }, await sealChannel(authSecrets, opened))
  }
}
