import 'server-only'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

const deviceSelect = {
  id: true,
  purpose: true,
  machine: true,
  address: true,
  tokenId: true,
  token: { select: { userId: true } },
  state: true,
  userId: true,
  permissions: true,
  environments: true,
  provedAt: true,
  polledAt: true,
  createdAt: true,
  expiresAt: true,
} satisfies Prisma.DeviceRequestSelect
export type DeviceRequestRow = Prisma.DeviceRequestGetPayload<{ select: typeof deviceSelect }>

export interface NewDeviceRequest {
  readonly id: string
  readonly purpose: string
  readonly deviceDigest: string
  readonly userCodeDigest: string
  readonly machine: string
  readonly address: string
  readonly tokenId: string | null
  readonly createdAt: Date
  readonly expiresAt: Date
}

export async function insertDeviceRequest(db: DatabaseHandle, request: NewDeviceRequest): Promise<void> {
  await db.deviceRequest.create({ data: request, select: { id: true } })
}

/** The requests of an address that still wait. */
export const countWaitingOf = (db: DatabaseHandle, address: string, now: Date): Promise<number> =>
  db.deviceRequest.count({ where: { address, state: 'waiting', expiresAt: { gt: now } } })

export const findByUserCode = (db: DatabaseHandle, userCodeDigest: string): Promise<DeviceRequestRow | null> =>
  db.deviceRequest.findUnique({ where: { userCodeDigest }, select: deviceSelect })

export const findByDeviceCode = (db: DatabaseHandle, deviceDigest: string): Promise<DeviceRequestRow | null> =>
  db.deviceRequest.findUnique({ where: { deviceDigest }, select: deviceSelect })

interface DeviceDecision {
  readonly state: 'approved' | 'denied'
  readonly userId: string
  readonly permissions: string[]
  readonly environments: string[]
  readonly provedAt: Date | null
}

/** Returns false, and writes nothing, if the request no longer waits. */
export async function decideDeviceRequest(
  tx: DatabaseHandle,
  id: string,
  decision: DeviceDecision,
  now: Date,
): Promise<boolean> {
  const where = { id, state: 'waiting', expiresAt: { gt: now } }
  return (await tx.deviceRequest.updateMany({ where, data: decision })).count === 1
}

/** Marks an approved request as used. Returns false if another poll was first. */
export async function takeDeviceRequest(tx: DatabaseHandle, id: string, now: Date): Promise<boolean> {
  const where = { id, state: 'approved', expiresAt: { gt: now } }
  return (await tx.deviceRequest.updateMany({ where, data: { state: 'used' } })).count === 1
}

/** Records a poll, unless one was recorded after `unlessSince`: then it returns false. */
export async function notePoll(
  db: DatabaseHandle,
  id: string,
  poll: { readonly at: Date; readonly unlessSince: Date },
): Promise<boolean> {
  const where = { id, OR: [{ polledAt: null }, { polledAt: { lte: poll.unlessSince } }] }
  return (await db.deviceRequest.updateMany({ where, data: { polledAt: poll.at } })).count === 1
}

/** Refuses sign-ins that were approved for a person and that no machine has fetched, because the person lost access or somebody else approved them. */
export async function denyApprovedDevicesOf(tx: DatabaseHandle, userId: string): Promise<void> {
  await tx.deviceRequest.updateMany({ where: { userId, state: 'approved' }, data: { state: 'denied' } })
}
