import 'server-only'
import type { AuditBreak, AuditCheckpoint, AuditVerdict } from '~/domain/audit/checkpoint'
import { findLostWaiting, findStray } from '~/server/audit/audit-gaps.sql'
import { countUnsealed, readSealHead, readSeals, type SealRow } from '~/server/audit/audit-seals.sql'
import { GENESIS_HASH, hashOf, SEAL_VERSION, sealRecord } from '~/server/audit/seal-record'
import { type SealedRecord, sealedRecords } from '~/server/audit/sealed-records'
import type { Deps } from '~/server/deps'

/**
 * Computes the whole chain again and names the first place where it does not hold: in the order of sealing, then among the
 * rows outside the chain. A running console does not disturb it: seals that are added meanwhile are not looked at.
 */
export async function verifyAudit(
  deps: Pick<Deps, 'db'>,
  checkpoint: AuditCheckpoint | null = null,
): Promise<AuditVerdict> {
  const head = await readSealHead(deps.db)
  const { sealed, firstBreak } = await verifyChain(deps, head, checkpoint)
  return {
    sealed: sealed.toString(),
    waiting: await countUnsealed(deps.db),
    head: head && { hash: head.hash, rowId: head.auditEventId.toString(), sealedAt: head.sealedAt },
    firstBreak: firstBreak ?? (await outsideTheChain(deps)),
  }
}

async function verifyChain(deps: Pick<Deps, 'db'>, head: SealRow | null, checkpoint: AuditCheckpoint | null) {
  const upTo = head?.seq ?? 0n
  let sealed = 0n
  let previousHash = GENESIS_HASH
  const broken = (firstBreak: AuditBreak | null) => ({ sealed, firstBreak })
  for await (const record of sealedRecords(deps.db, upTo)) {
    const { seal } = record
    if (seal.seq !== sealed + 1n) return broken(await sealMissing(deps, sealed + 1n))
    const problem = linkProblem(record, previousHash) ?? (await contentProblem(deps, record))
    if (problem !== null) return broken(problem)
    if (seal.seq.toString() === checkpoint?.seq && seal.hash !== checkpoint.hash) {
      return broken(
        at(seal, 'checkpoint_contradicted', `its hash is ${seal.hash}, the checkpoint’s is ${checkpoint.hash}`),
      )
    }
    sealed = seal.seq
    previousHash = seal.hash
  }
  if (checkpoint === null || BigInt(checkpoint.seq) <= sealed) return broken(null)
  const detail = `the chain ends at seal ${sealed}; the checkpoint saw seal ${checkpoint.seq}: the newest seals were taken away`
  return broken({ kind: 'checkpoint_contradicted', rowId: checkpoint.audit_event_id, seq: checkpoint.seq, detail })
}

function linkProblem({ seal, row }: SealedRecord, previousHash: string): AuditBreak | null {
  if (seal.previousHash !== previousHash) {
    return at(
      seal,
      'chain_broken',
      `it links to ${seal.previousHash}, but the seal before it is ${previousHash}: one of the two was replaced`,
    )
  }
  if (seal.version !== SEAL_VERSION) {
    return at(seal, 'seal_changed', `its version ${seal.version} is none this console ever sealed with`)
  }
  return row === null ? at(seal, 'row_deleted', 'the row was deleted after it was sealed') : null
}

/** Row and seal do not fit: the next seal, which holds the right hash, tells which of the two was changed. */
async function contentProblem({ db }: Pick<Deps, 'db'>, { seal, row }: SealedRecord): Promise<AuditBreak | null> {
  if (row === null) return null
  const hash = hashOf(sealRecord(row, seal))
  if (hash === seal.hash) return null
  const [next] = await readSeals(db, { from: seal.seq + 1n, upTo: seal.seq + 1n, limit: 1 })
  return next?.previousHash === hash
    ? at(seal, 'seal_changed', `the row is as it was sealed, but its seal was changed to ${seal.hash}`)
    : at(
        seal,
        'row_changed',
        `the row was changed after it was sealed: its hash is ${hash}, it was sealed as ${seal.hash}`,
      )
}

async function sealMissing({ db }: Pick<Deps, 'db'>, seq: bigint): Promise<AuditBreak> {
  const stray = await findStray(db)
  const detail = 'the seal was deleted; where no row is named, its row was deleted too'
  return { kind: 'seal_missing', rowId: stray?.toString() ?? null, seq: seq.toString(), detail }
}

async function outsideTheChain({ db }: Pick<Deps, 'db'>): Promise<AuditBreak | null> {
  const stray = await findStray(db)
  if (stray !== null) {
    const detail = 'it has no seal and does not wait for one: it was inserted past the trigger, or its seal was deleted'
    return { kind: 'row_unsealed', rowId: stray.toString(), seq: null, detail }
  }
  const lost = await findLostWaiting(db)
  if (lost === null) return null
  return { kind: 'row_deleted', rowId: lost.toString(), seq: null, detail: 'it was deleted before it was sealed' }
}

const at = (seal: SealRow, kind: AuditBreak['kind'], detail: string): AuditBreak => ({
  kind,
  rowId: seal.auditEventId.toString(),
  seq: seal.seq.toString(),
  detail,
})
