import 'server-only'
import { setImmediate } from 'node:timers/promises'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { Calendar, CalendarFreeze } from '~/domain/freeze/calendar'
import { freezeKind } from '~/domain/freeze/freeze'
import { type KnownDeployFreeze, type NetState, netState } from '~/domain/freeze/net-state'
import { listDeploysBetween } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { type FreezeRow, listFreezesBetween } from '~/server/freezes/freezes'
import { declaredFreeze, listDeclaredFor, occurrencesOf } from '~/server/freezes/freezes-in-force'
import { knownDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { findSurface, type SurfaceRow } from '~/server/surfaces/surfaces'

const SHOWN_AT_MOST = 500
/** Windows that recur, whose occurrences have to be computed. */
const EXPANDED_AT_MOST = 100
const DAY_MS = 86_400_000
const MONTHS_AROUND = 24
/** The first and the last week of a month show days of its neighbours. */
const REACH_MS = (MONTHS_AROUND * 31 + 40) * DAY_MS
const PRESENT_MS = 60_000

interface Stretch {
  readonly from: Date
  readonly to: Date
}

/** Freezes, windows and deploys of a stretch of time, past and to come. Throws `invalid_input` for a time that is too far away. */
export async function readCalendar(deps: Pick<Deps, 'db' | 'now'>, stretch: Stretch): Promise<Calendar> {
  requireNear(deps.now(), stretch.from, stretch.to)
  const page = { ...stretch, limit: SHOWN_AT_MOST + 1 }
  const [rows, deploys] = await Promise.all([listFreezesBetween(deps.db, page), listDeploysBetween(deps.db, page)])
  const recurring = rows.filter(({ recurrence }) => recurrence !== null)
  const left = new Set(recurring.slice(EXPANDED_AT_MOST))
  const shown = rows.slice(0, SHOWN_AT_MOST).filter((row) => !left.has(row))
  const stretches = await mapWithPauses(shown, (row) => stretchesOf(row, stretch))
  const freezes = stretches.flat().toSorted((a, b) => (a.start < b.start ? -1 : 1))
  return {
    freezes: freezes.slice(0, 2 * SHOWN_AT_MOST),
    deploys: deploys.slice(0, SHOWN_AT_MOST).map(({ surface, requestedAt, ...deploy }) => ({
      ...deploy,
      surface: { id: surface.id, name: surface.name, environment: surface.environment },
      requestedAt: requestedAt.toISOString(),
    })),
    incomplete: {
      freezes: rows.length > SHOWN_AT_MOST || left.size > 0 || freezes.length > 2 * SHOWN_AT_MOST,
      deploys: deploys.length > SHOWN_AT_MOST,
    },
    monthsAround: MONTHS_AROUND,
    now: deps.now().toISOString(),
  }
}

function requireNear(now: Date, ...times: readonly Date[]): void {
  if (times.every((at) => Math.abs(at.getTime() - now.getTime()) <= REACH_MS)) return
  throw new AppError(
    'invalid_input',
    `The calendar shows ${MONTHS_AROUND} months before and after the present one. Nothing was read. Choose another time.`,
  )
}

/** Occurrences take milliseconds to compute. Between two windows, the server answers others. */
async function mapWithPauses<Row extends { readonly recurrence: string | null }, Result>(
  rows: readonly Row[],
  compute: (row: Row) => Result,
): Promise<Result[]> {
  const results: Result[] = []
  for (const row of rows) {
    if (row.recurrence !== null) await setImmediate()
    results.push(compute(row))
  }
  return results
}

/** When a row applied or applies, cut by its start, its end and its lifting. */
function stretchesOf(row: FreezeRow, { from, to }: Stretch): CalendarFreeze[] {
  // A window refused nothing before it was declared, whatever its rule says of that time.
  const first = Math.max(row.startsAt.getTime(), row.createdAt.getTime())
  const last = Math.min(...[row.endsAt, row.liftedAt].map((at) => at?.getTime() ?? Number.POSITIVE_INFINITY))
  const spans =
    row.recurrence === null
      ? [{ start: first, end: last }]
      : occurrencesOf(row, new Date(Math.max(from.getTime(), first)), new Date(Math.min(to.getTime(), last)))
  return spans.flatMap((span) => {
    const [start, end] = [Math.max(span.start, first), Math.min(span.end, last)]
    if (start >= end || start >= to.getTime() || end <= from.getTime()) return []
    return [
      {
        freezeId: row.id,
        kind: freezeKind(row.kind),
        environment: row.environment,
        surface:
          row.surface === null
            ? null
            : { id: row.surface.id, name: row.surface.name, environment: row.surface.environment },
        reason: row.reason,
        by: row.createdBy,
        start: new Date(start).toISOString(),
        end: Number.isFinite(end) ? new Date(end).toISOString() : null,
        recurs: row.recurrence !== null,
        lifted: row.liftedAt !== null,
        rollbacksPass: row.rollbacksPass,
      },
    ]
  })
}

/** How far after the time in question the next change is looked for. */
const LOOK_AHEAD_DAYS = 35

/**
 * Whether the actor may deploy a surface at a time. GitHub is not asked: the last reading of DEPLOY_FREEZE counts. Throws `surface_unknown`,
 * and `invalid_input` for a time that has passed, since what was lifted since then is not looked at, or that is too far away.
 */
export async function readNetState(
  deps: Pick<Deps, 'db' | 'now'>,
  actor: Pick<Actor, 'name' | 'userId'>,
  input: { readonly surfaceId: string; readonly at?: Date | undefined },
): Promise<NetState> {
  const surface = await findSurface(deps.db, input.surfaceId)
  if (surface === null) {
    throw new AppError('surface_unknown', `There is no surface "${input.surfaceId}". Nothing was read. Check the id.`)
  }
  const now = deps.now()
  const at = new Date(Math.max(now.getTime(), input.at?.getTime() ?? 0))
  if (input.at !== undefined && now.getTime() - input.at.getTime() > PRESENT_MS) {
    throw new AppError('invalid_input', 'This time has passed. Nothing was read. Choose a time to come.')
  }
  requireNear(now, at)
  const rows = await listDeclaredFor(deps.db, surface, now)
  return netState({
    surface,
    declared: await mapWithPauses(rows, (row) => declaredFreeze(row, at, LOOK_AHEAD_DAYS)),
    deployFreeze: variableOf(surface),
    at,
    now,
    asker: { name: actor.name, userId: actor.userId, isRollback: false },
  })
}

const variableOf = (surface: SurfaceRow): KnownDeployFreeze =>
  surface.deployFreezeReadAt === null ? 'unknown' : (knownDeployFreeze(surface) ?? 'none')
