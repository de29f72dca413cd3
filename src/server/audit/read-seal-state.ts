import 'server-only'
import type { AuditSealState } from '~/domain/audit/checkpoint'
import { countUnsealed, readSealHead } from '~/server/audit/audit-seals.sql'
import type { Deps } from '~/server/deps'

/** How far the trail is sealed, as stored; whether the seals hold is what verifying finds out. */
export async function readSealState({ db }: Pick<Deps, 'db'>): Promise<AuditSealState> {
  const [head, waiting] = await Promise.all([readSealHead(db), countUnsealed(db)])
  return {
    waiting,
    last: head && { seq: head.seq.toString(), hash: head.hash, sealedAt: head.sealedAt },
  }
}
