import { z } from 'zod'

/**
 * Where the chain of the audit trail stood at a time. Kept away from the database, it is what shows that the whole chain was
 * rewritten: whoever may write every row can also compute every hash.
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

/** What is wrong at the first place where the trail does not hold. Ids are digits; null where there is none to name. */
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
  /** Rows whose seal was computed again and holds. */
  readonly sealed: string
  /** Rows that are too new to be sealed. */
  readonly waiting: number
  readonly head: { readonly hash: string; readonly rowId: string; readonly sealedAt: string } | null
  /** Null: all of it holds. */
  readonly firstBreak: AuditBreak | null
}
