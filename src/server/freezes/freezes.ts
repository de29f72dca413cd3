import 'server-only'
import { inSentence } from '~/domain/foreign-text'
import type { FreezeInForce } from '~/domain/freeze'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

const freezeSelect = {
  id: true,
  environment: true,
  surfaceId: true,
  surface: {
    select: { id: true, name: true, environment: true, repository: true, workflow: true, archivedAt: true },
  },
  reason: true,
  startsAt: true,
  endsAt: true,
  createdBy: true,
  createdAt: true,
  liftedBy: true,
  liftedAt: true,
} satisfies Prisma.FreezeSelect

export type FreezeRow = Prisma.FreezeGetPayload<{ select: typeof freezeSelect }>

export interface NewFreeze {
  readonly id: string
  readonly environment: string | null
  readonly surfaceId: string | null
  readonly reason: string
  readonly startsAt: Date
  readonly endsAt: Date | null
  readonly createdBy: string
  readonly createdAt: Date
}

/** Throws Prisma's P2002 when the surface is already locked. */
export function insertFreeze(tx: DatabaseHandle, freeze: NewFreeze): Promise<FreezeRow> {
  return tx.freeze.create({ data: freeze, select: freezeSelect })
}

/** Ends a current freeze. False, with nothing written, when the freeze has already ended. */
export async function markLifted(
  tx: DatabaseHandle,
  id: string,
  lifted: { readonly by: string; readonly at: Date },
): Promise<boolean> {
  const { count } = await tx.freeze.updateMany({
    where: { id, ...isCurrent(lifted.at) },
    data: { liftedBy: lifted.by, liftedAt: lifted.at },
  })
  return count > 0
}

/** The next time at which the grid changes without a write: a freeze starts or ends, or an approval expires. Null if there is none. */
export async function nextScheduledChange(db: DatabaseHandle, after: Date): Promise<Date | null> {
  const live = { liftedAt: null }
  const [starts, ends, expiries] = await Promise.all([
    db.freeze.aggregate({ where: { ...live, startsAt: { gt: after } }, _min: { startsAt: true } }),
    db.freeze.aggregate({ where: { ...live, endsAt: { gt: after } }, _min: { endsAt: true } }),
    db.approval.aggregate({ where: { state: 'waiting', expiresAt: { gt: after } }, _min: { expiresAt: true } }),
  ])
  const times = [starts._min.startsAt, ends._min.endsAt, expiries._min.expiresAt].filter((time) => time !== null)
  return times.reduce<Date | null>((first, time) => (first === null || time < first ? time : first), null)
}

export function findFreeze(db: DatabaseHandle, id: string): Promise<FreezeRow | null> {
  return db.freeze.findUnique({ where: { id }, select: freezeSelect })
}

export function findLock(db: DatabaseHandle, surfaceId: string): Promise<FreezeRow | null> {
  return db.freeze.findFirst({ where: { surfaceId, liftedAt: null }, select: freezeSelect })
}

/** Freezes in force or scheduled, the earliest first. */
export function listCurrentFreezes(db: DatabaseHandle, now: Date): Promise<FreezeRow[]> {
  return db.freeze.findMany({
    where: isCurrent(now),
    orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
    select: freezeSelect,
  })
}

/** Lifted or ended freezes, the newest first. `before` is the last id of the previous page. */
export function listPastFreezes(
  db: DatabaseHandle,
  page: { readonly now: Date; readonly before?: string | undefined; readonly limit: number },
): Promise<FreezeRow[]> {
  return db.freeze.findMany({
    where: {
      OR: [{ liftedAt: { not: null } }, { endsAt: { lte: page.now } }],
      ...(page.before === undefined ? {} : { id: { lt: page.before } }),
    },
    orderBy: { id: 'desc' },
    take: page.limit,
    select: freezeSelect,
  })
}

const inForceSelect = {
  id: true,
  surfaceId: true,
  reason: true,
  startsAt: true,
  endsAt: true,
  createdBy: true,
} satisfies Prisma.FreezeSelect

/** The freezes in force for a surface: its lock, and the freeze windows of its environment. */
export async function freezesInForce(
  db: DatabaseHandle,
  surface: { readonly id: string; readonly environment: string },
  now: Date,
): Promise<FreezeInForce[]> {
  const rows = await db.freeze.findMany({
    where: {
      ...isCurrent(now),
      startsAt: { lte: now },
      AND: { OR: [{ surfaceId: surface.id }, { environment: surface.environment }] },
    },
    orderBy: { id: 'asc' },
    select: inForceSelect,
  })
  return rows.map(inForce)
}

export const inForce = (row: Prisma.FreezeGetPayload<{ select: typeof inForceSelect }>): FreezeInForce => ({
  id: row.id,
  kind: row.surfaceId === null ? 'frozen' : 'locked',
  reason: row.reason,
  until: row.endsAt?.toISOString() ?? null,
  since: row.startsAt.toISOString(),
  by: row.createdBy,
})

/**
 * Warns that a lock was left behind: a removed surface with the same repository, workflow and environment was most likely renamed
 * to `surface`, and its lock does not cover the new name.
 */
export function orphanedLockWarning(
  surface: Readonly<Record<'id' | 'name' | 'environment' | 'repository' | 'workflow', string>>,
  freezes: readonly FreezeRow[],
): string | null {
  const keys = ['environment', 'repository', 'workflow'] as const
  const lock = freezes.find(
    ({ surface: locked }) =>
      locked !== null && locked.archivedAt !== null && keys.every((key) => locked[key] === surface[key]),
  )
  if (lock?.surface == null || freezes.some(({ surfaceId }) => surfaceId === surface.id)) return null
  return `The lock of “${inSentence(lock.surface.name)}”, which left surfaces.yaml, does not hold “${inSentence(surface.name)}”. Lock “${inSentence(surface.name)}”, or remove the old lock.`
}

const isCurrent = (now: Date) => ({ liftedAt: null, OR: [{ endsAt: null }, { endsAt: { gt: now } }] })
