import 'server-only'
import {
  appendSeals,
  readAuditRecords,
  readLastLink,
  readSealedIds,
  readUnsealedIds,
} from '~/server/audit/audit-seals.sql'
import { GENESIS_HASH, hashOf, SEAL_VERSION, sealRecord } from '~/server/audit/seal-record'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { takeSealLock } from '~/server/platform/locks.sql'

/** Rows per transaction: some ten milliseconds of hashing, so that nobody else in the process waits for it. */
const BATCH = 500

/**
 * Seals every row that waits, a batch per transaction: each links by hash to the one sealed before it. Whoever appends a
 * row waits for none of this. One process seals at a time; the others leave it to that one.
 */
export async function sealAudit(deps: Pick<Deps, 'db' | 'now'>, stop?: AbortSignal, batch = BATCH): Promise<void> {
  let after: bigint | null = null
  while (stop?.aborted !== true) {
    const from: bigint | null = after
    after = await deps.db.$transaction((tx) => sealBatch(tx, deps.now(), { after: from, limit: batch }))
    if (after === null) return
  }
}

/** Gives the last id it looked at; null when there is nothing left, or another process is at it. */
async function sealBatch(
  tx: DatabaseHandle,
  now: Date,
  { after, limit }: { readonly after: bigint | null; readonly limit: number },
): Promise<bigint | null> {
  // First of all: only under the lock is the head the head.
  if (!(await takeSealLock(tx))) return null
  const waiting = await readUnsealedIds(tx, after, limit)
  const rows = await readAuditRecords(tx, waiting)
  const sealed = await readSealedIds(tx, waiting)
  const head = await readLastLink(tx)
  let seq = head?.seq ?? 0n
  let previousHash = head?.hash ?? GENESIS_HASH
  const seals = []
  for (const id of waiting) {
    const row = rows.get(id)
    // A row that was deleted before it was sealed stays on the list, where verifying finds it.
    if (row === undefined || sealed.has(id)) continue
    seq += 1n
    const place = { seq, version: SEAL_VERSION, sealedAt: now.toISOString(), previousHash }
    const hash = hashOf(sealRecord(row, place))
    seals.push({ ...place, auditEventId: id, hash })
    previousHash = hash
  }
  const settled = waiting.filter((id) => rows.has(id))
  if (settled.length > 0) await appendSeals(tx, seals, settled)
  return waiting.at(-1) ?? null
}
