import 'server-only'
import type { AuditEvent } from '~/domain/audit/event'
import { type FreezeView, freezeState } from '~/domain/freeze'
import type { Deps } from '~/server/deps'
import { type FreezeRow, listCurrentFreezes, listPastFreezes } from '~/server/freezes/freezes'

export function freezeView(row: FreezeRow, now: Date): FreezeView {
  return {
    id: row.id,
    state: freezeState(row, now),
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
  }
}

export function freezeEvent(action: 'console.freeze.opened' | 'console.freeze.lifted', row: FreezeRow): AuditEvent {
  return {
    action,
    status: null,
    payload: {
      freeze_id: row.id,
      environment: row.environment,
      reason: row.reason,
      starts_at: row.startsAt.toISOString(),
      ends_at: row.endsAt?.toISOString() ?? null,
    },
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
