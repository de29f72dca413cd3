import 'server-only'
import type { AuditBreak, AuditCheckpoint, AuditVerdict } from '~/domain/audit/checkpoint'
import {
  type AuditRecordRow,
  countUnsealed,
  findDeletedUnsealedRow,
  findRowOutsideChain,
  readAuditRecords,
  readSealHead,
  readSeals,
  type SealRow,
} from '~/server/audit/audit-seals.sql'
import { GENESIS_HASH, hashOf, SEAL_VERSION, sealRecord } from '~/server/audit/seal-record'
import type { Deps } from '~/server/deps'
import type { Database } from '~/server/platform/database'

/**
 * Recomputes the whole chain and names the first break: in the order of sealing, then among the rows outside the chain. Safe
 * while the console runs: seals that are added meanwhile are ignored.
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
        at(seal, 'checkpoint_contradicted', `the seal’s hash is ${seal.hash}, the checkpoint’s is ${checkpoint.hash}`),
      )
    }
    sealed = seal.seq
    previousHash = seal.hash
  }
  if (checkpoint === null || BigInt(checkpoint.seq) <= sealed) return broken(null)
  const detail = `the chain ends at seal ${sealed}, but the checkpoint is of seal ${checkpoint.seq}: the newest seals were deleted`
  return broken({ kind: 'checkpoint_contradicted', rowId: checkpoint.audit_event_id, seq: checkpoint.seq, detail })
}

function linkProblem({ seal, row }: SealedRecord, previousHash: string): AuditBreak | null {
  if (seal.previousHash !== previousHash) {
    return at(
      seal,
      'chain_broken',
      `the seal links to ${seal.previousHash}, but the previous seal is ${previousHash}: one of the two was replaced`,
    )
  }
  if (seal.version !== SEAL_VERSION) {
    return at(seal, 'seal_changed', `the seal has version ${seal.version}, which this console never wrote`)
  }
  return row === null ? at(seal, 'row_deleted', 'the row was deleted after it was sealed') : null
}

/** If row and seal disagree, the next seal, which contains the original hash, tells which of them was changed. */
async function contentProblem({ db }: Pick<Deps, 'db'>, { seal, row }: SealedRecord): Promise<AuditBreak | null> {
  if (row === null) return null
  const hash = hashOf(sealRecord(row, seal))
  if (hash === seal.hash) return null
  const [next] = await readSeals(db, { from: seal.seq + 1n, upTo: seal.seq + 1n, limit: 1 })
  return next?.previousHash === hash
    ? at(seal, 'seal_changed', `the row is unchanged, but its seal was changed to ${seal.hash}`)
    : at(
        seal,
        'row_changed',
        `the row was changed after it was sealed: its hash is ${hash}, its seal says ${seal.hash}`,
      )
}

async function sealMissing({ db }: Pick<Deps, 'db'>, seq: bigint): Promise<AuditBreak> {
  const stray = await findRowOutsideChain(db)
  const detail = 'the seal was deleted; if no row is named, its row was deleted too'
  return { kind: 'seal_missing', rowId: stray?.toString() ?? null, seq: seq.toString(), detail }
}

async function outsideTheChain({ db }: Pick<Deps, 'db'>): Promise<AuditBreak | null> {
  const stray = await findRowOutsideChain(db)
  if (stray !== null) {
    const detail =
      'the row has no seal and is not queued for one: it was inserted without the trigger, or its seal was deleted'
    return { kind: 'row_unsealed', rowId: stray.toString(), seq: null, detail }
  }
  const lost = await findDeletedUnsealedRow(db)
  if (lost === null) return null
  return { kind: 'row_deleted', rowId: lost.toString(), seq: null, detail: 'the row was deleted before it was sealed' }
}

const at = (seal: SealRow, kind: AuditBreak['kind'], detail: string): AuditBreak => ({
  kind,
  rowId: seal.auditEventId.toString(),
  seq: seal.seq.toString(),
  detail,
})

/** The sealed trail as text that can be verified without the console: per row its stored hash, a tab, and the hashed text. */
export async function* sealedLines({ db }: Pick<Deps, 'db'>): AsyncGenerator<string> {
  const head = await readSealHead(db)
  for await (const { seal, row } of sealedRecords(db, head?.seq ?? 0n)) {
    if (row === null) {
      throw new Error(
        `Row ${seal.auditEventId} (seal ${seal.seq}) was deleted. The export ends before it. ` +
          'Run "audit verify" for details.',
      )
    }
    yield `${seal.hash}\t${sealRecord(row, seal)}`
  }
}

const PAGE = 1_000

export interface SealedRecord {
  readonly seal: SealRow
  /** Null: the row was deleted. */
  readonly row: AuditRecordRow | null
}

/** The chain from its start, each seal with its row. One page is in memory. */
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
