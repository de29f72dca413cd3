import { z } from 'zod'

/**
 * The head of the audit chain at a time. Kept outside the database, it shows whether the whole chain was rewritten: with write access
 * to every row, every hash can be computed again.
 */
export const auditCheckpoint = z.object({
  kind: z.literal('deploy-console-audit-checkpoint'),
  version: z.int().min(1),
  /** Number of the newest seal, which is also how many rows are sealed. */
  seq: z.string().regex(/^[1-9]\d{0,18}$/, 'expected a number of a seal'),
  audit_event_id: z.string().regex(/^-?\d{1,19}$/, 'expected the id of a row'),
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal'),
  sealed_at: z.string(),
  taken_at: z.string(),
})
export type AuditCheckpoint = z.output<typeof auditCheckpoint>

/** The first place where the trail is broken. Ids are digits; null if there is none to name. */
export interface AuditBreak {
  readonly kind:
    | 'row_changed'
    | 'row_deleted'
    | 'row_unsealed'
    | 'seal_changed'
    | 'seal_missing'
    | 'chain_broken'
    | 'checkpoint_contradicted'
  readonly rowId: string | null
  readonly seq: string | null
  readonly detail: string
}

/** How far the trail is sealed. */
export interface AuditSealState {
  readonly waiting: number
  readonly last: { readonly seq: string; readonly hash: string; readonly sealedAt: string } | null
}

export interface AuditVerdict {
  /** Rows whose seal was verified. */
  readonly sealed: string
  /** Rows that are not sealed yet. */
  readonly waiting: number
  readonly head: { readonly hash: string; readonly rowId: string; readonly sealedAt: string } | null
  /** Null: the trail is intact. */
  readonly firstBreak: AuditBreak | null
}
