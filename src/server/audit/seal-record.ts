import 'server-only'
import type { AuditRecordRow } from '~/server/audit/audit-seals.sql'
import { canonicalJson, hasExactNumbers } from '~/server/audit/canonical-json'
import { sha256 } from '~/server/platform/crypto'

/** Of the record below. A column that joins the trail makes a new version; rows keep the one they were sealed with. */
export const SEAL_VERSION = 1

/** What the first link of the chain points back to. */
export const GENESIS_HASH = '0'.repeat(64)

export interface SealPlace {
  readonly seq: bigint
  readonly version: number
  /** As an audit row's `at`: UTC with milliseconds. */
  readonly sealedAt: string
  /** Hexadecimal, 64 digits. */
  readonly previousHash: string
}

/**
 * What is hashed, version 1 (docs/adr/011-audit-chain.md; an auditor must be able to write it too): the row as the JSON
 * export gives it, its place in the chain, and the hash before it, as RFC 8785 writes them. A payload with a number that
 * does not fit into a double, which this console never writes, is hashed as PostgreSQL's own text of it.
 */
export function sealRecord(row: AuditRecordRow, place: SealPlace): string {
  const payload = hasExactNumbers(row.payload)
    ? { payload: JSON.parse(row.payload) as unknown }
    : { payload_text: row.payload }
  return canonicalJson({
    version: place.version,
    seq: place.seq.toString(),
    sealed_at: place.sealedAt,
    previous_hash: place.previousHash,
    id: row.id.toString(),
    at: row.at,
    actor: row.actor,
    action: row.action,
    deploy_id: row.deployId,
    surface_id: row.surfaceId,
    status: row.status,
    ...payload,
  })
}

export const hashOf = (record: string): string => sha256(record)
