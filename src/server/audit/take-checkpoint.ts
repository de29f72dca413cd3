import 'server-only'
import type { AuditCheckpoint } from '~/domain/audit/checkpoint'
import { readSealHead } from '~/server/audit/audit-seals.sql'
import type { Deps } from '~/server/deps'

/** Where the chain stands now; null while nothing is sealed. */
export async function takeCheckpoint(deps: Pick<Deps, 'db' | 'now'>): Promise<AuditCheckpoint | null> {
  const head = await readSealHead(deps.db)
  if (head === null) return null
  return {
    kind: 'deploy-console-audit-checkpoint',
    version: head.version,
    seq: head.seq.toString(),
    audit_event_id: head.auditEventId.toString(),
    hash: head.hash,
    sealed_at: head.sealedAt,
    taken_at: deps.now().toISOString(),
  }
}
