import 'server-only'
import type { AuditEvent } from '~/domain/audit/event'
import { type FreezeView, freezeState } from '~/domain/freeze'
import type { FreezeRow } from '~/server/freezes/freezes'

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
