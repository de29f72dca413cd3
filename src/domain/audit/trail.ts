import type { z } from 'zod'

/** One row of the audit trail as it is listed and exported. */
export interface AuditEntry {
  /** Digits: newer rows have higher ones. */
  readonly id: string
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly deployId: string | null
  readonly surfaceId: string | null
  readonly status: string | null
  readonly payload: z.core.util.JSONType
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[]
  /** Pass as `cursor` for the page of older rows; null when there is none. */
  readonly nextCursor: string | null
}

/** The values to filter by that occur in the trail. */
export interface AuditFacets {
  readonly actions: readonly string[]
  readonly actors: readonly string[]
  readonly surfaces: readonly string[]
}

/** The names a filter has in an address, in the order they are shown. */
export const AUDIT_FILTER_NAMES = ['deploy', 'surface', 'actor', 'action', 'from', 'to'] as const

export const AUDIT_EXPORT_FORMATS = ['csv', 'json'] as const
export type AuditExportFormat = (typeof AUDIT_EXPORT_FORMATS)[number]
