import 'server-only'
import type { AuditCheckpoint, AuditSealState } from '~/domain/audit/checkpoint'
import {
  type AuditRecordRow,
  appendSeals,
  countUnsealed,
  readAuditRecords,
  readLastLink,
  readSealedIds,
  readSealHead,
  readUnsealedIds,
} from '~/server/audit/audit-seals.sql'
import { GENESIS_HASH, hashOf, SEAL_VERSION, sealRecord } from '~/server/audit/seal-record'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { takeSealLock, waitForSealLock } from '~/server/platform/locks.sql'

interface SealedBatch {
  readonly rows: readonly AuditRecordRow[]
  readonly upTo: bigint
}

/** What happens with the rows of each batch after its transaction. Each row is sealed once, by one process. */
type OnSealed = (rows: readonly AuditRecordRow[]) => Promise<void>

/** Rows per transaction. Hashing them blocks the process for about ten milliseconds. */
const BATCH = 500

/**
 * Seals all rows without a seal, one batch per transaction. Appending a row does not wait for sealing. One process seals at a
 * time; the others return at once.
 */
export async function sealAudit(
  deps: Pick<Deps, 'db' | 'now'>,
  stop?: AbortSignal,
  batch = BATCH,
  onSealed?: OnSealed,
): Promise<void> {
  let after: bigint | null = null
  while (stop?.aborted !== true) {
    const from: bigint | null = after
    const sealed: SealedBatch | null = await deps.db.$transaction((tx) =>
      sealBatch(tx, deps.now(), { after: from, limit: batch }),
    )
    if (sealed === null) return
    after = sealed.upTo
    await onSealed?.(sealed.rows)
  }
}

/** Returns the sealed rows, and the last id of the batch. Null if no row is left, or if another process is sealing. */
async function sealBatch(
  tx: DatabaseHandle,
  now: Date,
  { after, limit }: { readonly after: bigint | null; readonly limit: number },
): Promise<SealedBatch | null> {
  // Take the lock before reading the head; otherwise another process could append a seal in between.
  if (!(await takeSealLock(tx))) return null
  const waiting = await readUnsealedIds(tx, after, limit)
  const rows = await readAuditRecords(tx, waiting)
  const sealed = await readSealedIds(tx, waiting)
  const head = await readLastLink(tx)
  let seq = head?.seq ?? 0n
  let previousHash = head?.hash ?? GENESIS_HASH
  const seals = []
  const newlySealed = []
  for (const id of waiting) {
    const row = rows.get(id)
    // A row that was deleted before it was sealed stays on the list, where verification finds it.
    if (row === undefined || sealed.has(id)) continue
    seq += 1n
    const place = { seq, version: SEAL_VERSION, sealedAt: now.toISOString(), previousHash }
    const hash = hashOf(sealRecord(row, place))
    seals.push({ ...place, auditEventId: id, hash })
    newlySealed.push(row)
    previousHash = hash
  }
  const settled = waiting.filter((id) => rows.has(id))
  if (settled.length > 0) await appendSeals(tx, seals, settled)
  const upTo = waiting.at(-1)
  return upTo === undefined ? null : { upTo, rows: newlySealed }
}

/** How often another process may be sealing at the moment when this one wants to. */
const TRIES = 5

/** Seals these rows now, with all that wait. A few may stay unsealed if the trail is far behind, as after an upgrade. */
export async function sealRows(
  deps: Pick<Deps, 'db' | 'now'>,
  ids: readonly bigint[],
  onSealed: OnSealed,
): Promise<void> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    if ((await readSealedIds(deps.db, ids)).size === ids.length) return
    await sealAudit(deps, undefined, undefined, onSealed)
    // Another process may have held the lock. Its batch is committed once the lock is free.
    await deps.db.$transaction(waitForSealLock)
  }
}

/** How far the trail is sealed. `verifyAudit` checks whether the seals are correct. */
export async function readSealState({ db }: Pick<Deps, 'db'>): Promise<AuditSealState> {
  const [head, waiting] = await Promise.all([readSealHead(db), countUnsealed(db)])
  return {
    waiting,
    last: head && { seq: head.seq.toString(), hash: head.hash, sealedAt: head.sealedAt },
  }
}

/** The current end of the chain, to be kept outside the database. Null if nothing is sealed. */
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
