import 'server-only'
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

/** Those that were not removed, the oldest first. */
export const readChannels = (db: DatabaseHandle): Promise<ChannelRow[]> =>
  db.deliveryChannel.findMany({ where: { removedAt: null }, select: channelSelect, orderBy: { id: 'asc' } })

export const findChannel = (db: DatabaseHandle, id: string): Promise<ChannelRow | null> =>
  db.deliveryChannel.findFirst({ where: { id, removedAt: null }, select: channelSelect })

export const insertChannel = (db: DatabaseHandle, data: Prisma.DeliveryChannelCreateInput): Promise<ChannelRow> =>
  db.deliveryChannel.create({ data, select: channelSelect })

/** False when it was so already, or somebody removed it meanwhile. */
export async function switchChannel(db: DatabaseHandle, id: string, enabled: boolean, at: Date): Promise<boolean> {
  const was = enabled ? { not: null } : null
  const where = { id, removedAt: null, disabledAt: was }
  return (await db.deliveryChannel.updateMany({ where, data: { disabledAt: enabled ? null : at } })).count > 0
}

/** Forgets its address and its secret; the row stays for its deliveries. */
export async function markRemoved(db: DatabaseHandle, id: string, at: Date): Promise<boolean> {
  const data = { removedAt: at, sealed: null }
  return (await db.deliveryChannel.updateMany({ where: { id, removedAt: null }, data })).count > 0
}

const deliverySelect = {
  id: true,
  state: true,
  attempts: true,
  lastStatus: true,
  lastError: true,
  nextTryAt: true,
  updatedAt: true,
  deploy: { select: { id: true, status: true, surface: { select: { name: true } } } },
} satisfies Prisma.DeliverySelect

export type ListedDelivery = Prisma.DeliveryGetPayload<{ select: typeof deliverySelect }>

/** The last ones of a channel, newest first. */
export const listLastDeliveries = (db: DatabaseHandle, channelId: string, take: number): Promise<ListedDelivery[]> =>
  db.delivery.findMany({ where: { channelId }, select: deliverySelect, orderBy: { createdAt: 'desc' }, take })

/** Those that are not encrypted under the secret of this mark. */
export async function listChannelsWithout(db: DatabaseHandle, mark: string): Promise<{ id: string; sealed: string }[]> {
  const rows = await db.deliveryChannel.findMany({
    where: { sealed: { not: null }, NOT: { sealed: { startsWith: mark } } },
    select: { id: true, sealed: true },
  })
  return rows.flatMap(({ id, sealed }) => (sealed === null ? [] : [{ id, sealed }]))
}

/** Leaves it as it is when it changed since it was read. */
export async function replaceSealed(
  db: DatabaseHandle,
  read: { readonly id: string; readonly sealed: string },
  sealed: string,
): Promise<void> {
  await db.deliveryChannel.updateMany({ where: { ...read }, data: { sealed } })
}
