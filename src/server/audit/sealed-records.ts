import 'server-only'
import { type AuditRecordRow, readAuditRecords, readSeals, type SealRow } from '~/server/audit/audit-seals.sql'
import type { Database } from '~/server/platform/database'

const PAGE = 1_000

export interface SealedRecord {
  readonly seal: SealRow
  /** Null: the row is gone. */
  readonly row: AuditRecordRow | null
}

/** The chain from its beginning, each seal with its row, read page by page: it needs the memory of one page. */
export async function* sealedRecords(db: Database, upTo: bigint): AsyncGenerator<SealedRecord> {
  let from = 1n
  while (from <= upTo) {
    const seals = await readSeals(db, { from, upTo, limit: PAGE })
    const rows = await readAuditRecords(
      db,
      seals.map(({ auditEventId }) => auditEventId),
    )
    for (const seal of seals) yield { seal, row: rows.get(seal.auditEventId) ?? null }
    const last = seals.at(-1)
    if (last === undefined) return
    from = last.seq + 1n
  }
}
