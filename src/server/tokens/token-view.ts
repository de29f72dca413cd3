import 'server-only'
import type { TokenState, TokenView } from '~/domain/api-token'
import type { AuditEvent } from '~/domain/audit/event'
import type { TokenRow } from '~/server/tokens/api-tokens'

export function tokenView(row: TokenRow, now: Date): TokenView {
  return {
    id: row.id,
    label: row.label,
    shown: row.shown,
    state: stateOf(row, now),
    owner: row.user.email,
    permissions: row.permissions,
    environments: row.environments,
    surfaces: row.allSurfaces ? null : row.surfaces,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    revoked:
      row.revokedAt === null || row.revokedBy === null ? null : { by: row.revokedBy, at: row.revokedAt.toISOString() },
  }
}

function stateOf({ revokedAt, expiresAt, user }: TokenRow, now: Date): TokenState {
  if (revokedAt !== null) return 'revoked'
  if (expiresAt <= now) return 'expired'
  return user.member === null || user.member.suspendedAt !== null ? 'idle' : 'active'
}

export function tokenEvent(action: 'console.token.created' | 'console.token.revoked', row: TokenRow): AuditEvent {
  return {
    action,
    status: null,
    payload: {
      token_id: row.id,
      label: row.label,
      owner: row.user.email,
      permissions: row.permissions,
      environments: row.environments,
      surfaces: row.allSurfaces ? null : row.surfaces,
      expires_at: row.expiresAt.toISOString(),
    },
  }
}
