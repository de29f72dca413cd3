import 'server-only'
import { inSentence } from '~/domain/foreign-text'
import { type FreezeKind, freezeKind } from '~/domain/freeze/freeze'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

const freezeSelect = {
  id: true,
  kind: true,
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
  createdByUserId: true,
  liftedBy: true,
  liftedAt: true,
  recurrence: true,
  timeZone: true,
  localStart: true,
  durationMinutes: true,
  rollbacksPass: true,
  rollbackDeployId: true,
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
  readonly kind?: FreezeKind
  readonly createdByUserId?: string
  readonly recurrence?: string
  readonly timeZone?: string
  readonly localStart?: string
  readonly durationMinutes?: number
  readonly rollbacksPass?: boolean
  readonly rollbackDeployId?: string
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

export function findFreeze(db: DatabaseHandle, id: string): Promise<FreezeRow | null> {
  return db.freeze.findUnique({ where: { id }, select: freezeSelect })
}

/** The lock or the notice of a surface, unless it has ended. */
export function findLock(
  db: DatabaseHandle,
  surfaceId: string,
  now: Date,
  kind: 'lock' | 'notice' = 'lock',
): Promise<FreezeRow | null> {
  return db.freeze.findFirst({ where: { surfaceId, kind, replaced: false, ...isCurrent(now) }, select: freezeSelect })
}

/** Takes ended locks out of the way of the unique index. They ended by time, without a write. */
export async function replaceEndedLocks(
  tx: DatabaseHandle,
  { surfaceId, kind, now }: { readonly surfaceId: string; readonly kind: 'lock' | 'notice'; readonly now: Date },
): Promise<void> {
  await tx.freeze.updateMany({
    where: { surfaceId, kind, liftedAt: null, replaced: false, endsAt: { lte: now } },
    data: { replaced: true },
  })
}

/** The ids of the allow windows of an environment or a surface that have not ended, those to come included. */
export async function listOpenAllowWindows(
  db: DatabaseHandle,
  { environment, surfaceId }: Pick<NewFreeze, 'environment' | 'surfaceId'>,
  now: Date,
): Promise<string[]> {
  const where = { kind: 'allow', environment, surfaceId, ...isCurrent(now) }
  const rows = await db.freeze.findMany({ where, orderBy: { id: 'asc' }, select: { id: true } })
  return rows.map(({ id }) => id)
}

/** Like `insertFreeze`, but null if the surface is locked already. */
export async function insertUnlessLocked(tx: DatabaseHandle, freeze: NewFreeze): Promise<FreezeRow | null> {
  const { count } = await tx.freeze.createMany({ data: [freeze], skipDuplicates: true })
  return count === 0 ? null : findFreeze(tx, freeze.id)
}

/** Changes a current freeze that is still as it was read. Null, with nothing written, otherwise. */
export async function updateFreeze(
  tx: DatabaseHandle,
  was: Pick<FreezeRow, 'id' | 'reason' | 'endsAt'>,
  changed: Pick<FreezeRow, 'reason' | 'endsAt'>,
  now: Date,
): Promise<FreezeRow | null> {
  const { id, reason, endsAt } = was
  const { count } = await tx.freeze.updateMany({ where: { id, reason, endsAt, AND: isCurrent(now) }, data: changed })
  return count === 0 ? null : findFreeze(tx, id)
}

/** How many windows that recur have not ended. */
export const countOpenRecurring = (db: DatabaseHandle, now: Date): Promise<number> =>
  db.freeze.count({ where: { recurrence: { not: null }, ...isCurrent(now) } })

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

/** The freezes that applied, apply or may apply in a stretch of time, the newest first. */
export function listFreezesBetween(
  db: DatabaseHandle,
  { from, to, limit }: { readonly from: Date; readonly to: Date; readonly limit: number },
): Promise<FreezeRow[]> {
  return db.freeze.findMany({
    where: {
      startsAt: { lt: to },
      AND: [
        { OR: [{ endsAt: null }, { endsAt: { gt: from } }] },
        { OR: [{ liftedAt: null }, { liftedAt: { gt: from } }] },
      ],
    },
    orderBy: { id: 'desc' },
    take: limit,
    select: freezeSelect,
  })
}

/** What is left behind with a renamed surface, the strongest first, and how to get it back. A notice refuses nothing. */
const LEFT_BEHIND = [
  ['lock', 'The lock', 'Lock', 'remove the old lock'],
  ['freeze', 'A freeze window', 'Add a freeze window to', 'lift the old one'],
  ['allow', 'An allow window', 'Add an allow window to', 'lift the old one'],
] as const satisfies readonly (readonly [FreezeKind, string, string, string])[]

/**
 * Warns that locks and windows were left behind: a removed surface with the same repository, workflow and environment was most likely
 * renamed to `surface`, and what holds it does not cover the new name.
 */
export function warnOfOrphanedFreezes(
  surface: Readonly<Record<'id' | 'name' | 'environment' | 'repository' | 'workflow', string>>,
  freezes: readonly FreezeRow[],
): string[] {
  const keys = ['environment', 'repository', 'workflow'] as const
  return LEFT_BEHIND.flatMap(([refusing, what, again, remove]) => {
    const ofKind = freezes.filter(({ kind }) => freezeKind(kind) === refusing)
    const left = ofKind.find(
      ({ surface: held }) =>
        held != null && held.archivedAt !== null && keys.every((key) => held[key] === surface[key]),
    )
    if (left?.surface == null || ofKind.some(({ surfaceId }) => surfaceId === surface.id)) return []
    const [was, name] = [inSentence(left.surface.name), inSentence(surface.name)]
    return `${what} of “${was}”, which left surfaces.yaml, does not hold “${name}”. ${again} “${name}”, or ${remove}.`
  })
}

/** Not lifted, and not ended. */
export const isCurrent = (now: Date) => ({ liftedAt: null, OR: [{ endsAt: null }, { endsAt: { gt: now } }] })
