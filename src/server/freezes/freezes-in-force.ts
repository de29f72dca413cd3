import 'server-only'
import { type DeclaredFreeze, freezeKind, freezesAt, noticesAt, type StandingFreeze } from '~/domain/freeze/freeze'
import type { Recurrence } from '~/domain/freeze/recurrence-input'
import { occurrencesBetween } from '~/server/freezes/expand-recurrence'
import { isCurrent } from '~/server/freezes/freezes'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

const declaredSelect = {
  id: true,
  kind: true,
  environment: true,
  surfaceId: true,
  reason: true,
  startsAt: true,
  endsAt: true,
  createdBy: true,
  createdByUserId: true,
  createdAt: true,
  recurrence: true,
  timeZone: true,
  localStart: true,
  durationMinutes: true,
  rollbacksPass: true,
} satisfies Prisma.FreezeSelect
type DeclaredRow = Prisma.FreezeGetPayload<{ select: typeof declaredSelect }>

/** The freezes in force for a surface: its lock, and the freeze windows of the surface and its environment. */
export async function freezesInForce(
  db: DatabaseHandle,
  surface: { readonly id: string; readonly environment: string },
  now: Date,
): Promise<StandingFreeze[]> {
  return freezesAt(await declaredInForce(db, surface, now), now)
}

/** The notice of a surface, which refuses nothing. */
export async function noticesInForce(
  db: DatabaseHandle,
  surface: { readonly id: string; readonly environment: string },
  now: Date,
): Promise<StandingFreeze[]> {
  return noticesAt(await declaredInForce(db, surface, now), now)
}

async function declaredInForce(
  db: DatabaseHandle,
  surface: { readonly id: string; readonly environment: string },
  now: Date,
): Promise<DeclaredFreeze[]> {
  const rows = await db.freeze.findMany({
    where: {
      ...isCurrent(now),
      startsAt: { lte: now },
      AND: { OR: [{ surfaceId: surface.id }, { environment: surface.environment }] },
    },
    orderBy: { id: 'asc' },
    select: declaredSelect,
  })
  return rows.map((row) => declaredFreeze(row, now))
}

/** What is declared for a surface and its environment, in force or to come. */
export function listDeclaredFor(
  db: DatabaseHandle,
  surface: { readonly id: string; readonly environment: string },
  now: Date,
): Promise<DeclaredRow[]> {
  return db.freeze.findMany({
    where: { ...isCurrent(now), AND: { OR: [{ surfaceId: surface.id }, { environment: surface.environment }] } },
    orderBy: { id: 'asc' },
    select: declaredSelect,
  })
}

/** The next time at which the grid changes without a write: a freeze starts or ends, or an approval expires. Null if there is none. */
export async function nextScheduledChange(db: DatabaseHandle, after: Date): Promise<Date | null> {
  const live = { liftedAt: null }
  const [starts, ends, expiries, recurring] = await Promise.all([
    db.freeze.aggregate({ where: { ...live, startsAt: { gt: after } }, _min: { startsAt: true } }),
    db.freeze.aggregate({ where: { ...live, endsAt: { gt: after } }, _min: { endsAt: true } }),
    db.approval.aggregate({ where: { state: 'waiting', expiresAt: { gt: after } }, _min: { expiresAt: true } }),
    db.freeze.findMany({ where: { ...isCurrent(after), recurrence: { not: null } }, select: declaredSelect }),
  ])
  const turns = recurring.flatMap((row) =>
    occurrencesOf(row, after, inDays(after, 2)).flatMap(({ start, end }) => [start, end]),
  )
  const times = [starts._min.startsAt, ends._min.endsAt, expiries._min.expiresAt, ...turns.map((at) => new Date(at))]
  return times.reduce<Date | null>(
    (first, time) => (time === null || time <= after || (first !== null && first <= time) ? first : time),
    null,
  )
}

const DAY_MS = 86_400_000
const inDays = (at: Date, days: number) => new Date(at.getTime() + days * DAY_MS)
/** Far enough for what is under way, whose end is known however late it is, and for most next occurrences. */
const NEAR_DAYS = 8
/** A year, and the days by which the next one may be later. */
export const FAR_DAYS = 400

/** What a row declares, with its occurrences around `at`, and for some days after. */
export function declaredFreeze(row: DeclaredRow, at: Date, days = NEAR_DAYS): DeclaredFreeze {
  const { createdBy: by, createdByUserId: byUserId, createdAt: declaredAt, recurrence, ...declared } = row
  const kind = freezeKind(row.kind)
  if (recurrence === null) return { ...declared, kind, by, byUserId, declaredAt, occurrences: null }
  const known = (ahead: number) => ({
    spans: occurrencesOf(row, inDays(at, -NEAR_DAYS), inDays(at, ahead)),
    knownTo: inDays(at, ahead).getTime(),
  })
  const near = known(days)
  // The next opening may be far away. The end of an occurrence is not.
  const isFar = kind === 'allow' && !near.spans.some(({ start }) => start > at.getTime())
  return { ...declared, kind, by, byUserId, declaredAt, occurrences: isFar ? known(FAR_DAYS) : near }
}

/** The occurrences of a row that overlap a stretch of time; none if it does not recur. */
export function occurrencesOf(
  row: Parameters<typeof recurrenceOf>[0] & { readonly kind: string },
  from: Date,
  to: Date,
) {
  const rule = recurrenceOf(row)
  return rule === null ? [] : occurrencesBetween({ ...rule, allows: row.kind === 'allow' }, from, to)
}

export function recurrenceOf(
  row: Pick<DeclaredRow, 'recurrence' | 'timeZone' | 'localStart' | 'durationMinutes'>,
): Recurrence | null {
  const { recurrence: rule, timeZone, localStart, durationMinutes } = row
  if (rule === null || timeZone === null || localStart === null || durationMinutes === null) return null
  return { rule, timeZone, localStart, durationMinutes }
}
