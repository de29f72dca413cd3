import 'server-only'
import type { AuditEvent } from '~/domain/audit/event'
import { type FreezeState, type FreezeView, freezeKind, freezeState, freezesAt } from '~/domain/freeze/freeze'
import type { Deps } from '~/server/deps'
import { type FreezeRow, listCurrentFreezes, listPastFreezes } from '~/server/freezes/freezes'
import { declaredFreeze, FAR_DAYS, occurrencesOf, recurrenceOf } from '~/server/freezes/freezes-in-force'

export function freezeView(row: FreezeRow, now: Date): FreezeView {
  return {
    id: row.id,
    kind: freezeKind(row.kind),
    state: stateOf(row, now),
    environment: row.environment,
    surface:
      row.surface === null
        ? null
        : { id: row.surface.id, name: row.surface.name, environment: row.surface.environment },
    reason: row.reason,
    startsAt: row.startsAt.toISOString(),
    endsAt: row.endsAt?.toISOString() ?? null,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    lifted:
      row.liftedBy === null || row.liftedAt === null ? null : { by: row.liftedBy, at: row.liftedAt.toISOString() },
    rollbacksPass: row.rollbacksPass,
    recurrence: recurrenceOf(row),
    occurrence: nextOccurrence(row, now),
  }
}

/** A window that recurs is in force while it refuses. */
function stateOf(row: FreezeRow, now: Date): FreezeState {
  const state = freezeState(row, now)
  if (state !== 'in_force' || row.recurrence === null) return state
  return freezesAt([declaredFreeze(row, now)], now).length > 0 ? 'in_force' : 'upcoming'
}

/** The occurrence under way or the next one, cut by the start and the end of the window. */
function nextOccurrence(row: FreezeRow, now: Date): FreezeView['occurrence'] {
  if (row.recurrence === null || freezeState(row, now) === 'over') return null
  const from = Math.max(now.getTime(), row.startsAt.getTime())
  const to = Math.min(from + FAR_DAYS * 86_400_000, row.endsAt?.getTime() ?? Number.POSITIVE_INFINITY)
  const [next] = occurrencesOf(row, new Date(from), new Date(to))
  return next === undefined
    ? null
    : { start: new Date(next.start).toISOString(), end: new Date(Math.min(next.end, to)).toISOString() }
}

/** `widened`: the allow windows beside which this one allows more. */
export const freezeEvent = (
  action: 'console.freeze.opened' | 'console.freeze.lifted',
  row: FreezeRow,
  widened: readonly string[] = [],
): AuditEvent => ({
  action,
  status: null,
  payload: { ...freezePayload(row), ...(widened.length === 0 ? {} : { widens: [...widened] }) },
})

export const freezeChange = (row: FreezeRow, was: Pick<FreezeRow, 'reason' | 'endsAt'>): AuditEvent => ({
  action: 'console.freeze.changed',
  status: null,
  payload: { ...freezePayload(row), was: { reason: was.reason, ends_at: was.endsAt?.toISOString() ?? null } },
})

function freezePayload(row: FreezeRow) {
  return {
    freeze_id: row.id,
    environment: row.environment,
    reason: row.reason,
    starts_at: row.startsAt.toISOString(),
    ends_at: row.endsAt?.toISOString() ?? null,
    kind: freezeKind(row.kind),
    ...(row.rollbacksPass ? { rollbacks_pass: true } : {}),
    ...(row.recurrence === null
      ? {}
      : {
          rule: row.recurrence,
          time_zone: row.timeZone ?? '',
          local_start: row.localStart ?? '',
          duration_minutes: row.durationMinutes ?? 0,
        }),
    ...(row.rollbackDeployId === null ? {} : { rollback_deploy_id: row.rollbackDeployId }),
  }
}

const PAGE_LENGTH = 50

export interface FreezeList {
  /** In force or scheduled. */
  readonly current: readonly FreezeView[]
  readonly past: readonly FreezeView[]
  /** The cursor of the next, older page; null on the last page. */
  readonly cursor: string | null
}

export async function listFreezes(deps: Pick<Deps, 'db' | 'now'>, before?: string): Promise<FreezeList> {
  const now = deps.now()
  const [current, past] = await Promise.all([
    listCurrentFreezes(deps.db, now),
    listPastFreezes(deps.db, { now, before, limit: PAGE_LENGTH + 1 }),
  ])
  const shown = past.slice(0, PAGE_LENGTH)
  return {
    current: current.map((row) => freezeView(row, now)),
    past: shown.map((row) => freezeView(row, now)),
    cursor: past.length > PAGE_LENGTH ? (shown.at(-1)?.id ?? null) : null,
  }
}
