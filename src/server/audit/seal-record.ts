import 'server-only'
import type { AuditRecordRow } from '~/server/audit/audit-seals.sql'
import { sha256 } from '~/server/platform/crypto'

/** Version of the sealed record. A new audit column needs a new version; sealed rows keep theirs. */
export const SEAL_VERSION = 1

/** The previous hash of the first seal. */
export const GENESIS_HASH = '0'.repeat(64)

export interface SealPlace {
  readonly seq: bigint
  readonly version: number
  /** UTC with milliseconds, like an audit row's `at`. */
  readonly sealedAt: string
  /** Hexadecimal, 64 digits. */
  readonly previousHash: string
}

/**
 * The text that a seal hashes (docs/adr/011-audit-chain.md): the row, its place in the chain and the previous hash, in
 * canonical JSON (RFC 8785). A payload with a number that a double cannot hold is hashed as PostgreSQL's text.
 */
export function sealRecord(row: AuditRecordRow, place: SealPlace): string {
  const payload = hasExactNumbers(row.payload) ? { payload: JSON.parse(row.payload) } : { payload_text: row.payload }
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

/** Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no white space, ECMAScript numbers and strings. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
}

/** Matches strings first, so that digits inside a string are skipped; then numbers, which jsonb writes without exponent. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?/g

/** Whether JavaScript, and so RFC 8785, can represent every number of a jsonb text exactly. */
export function hasExactNumbers(jsonbText: string): boolean {
  for (const [token] of jsonbText.matchAll(STRING_OR_NUMBER)) {
    if (!token.startsWith('"') && plainDecimal(String(Number(token))) !== plainDecimal(token)) return false
  }
  return true
}

/** A number without exponent and without redundant zeros: `-1.50e+3` becomes `-1500`. */
function plainDecimal(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(number) ?? []
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const padded = digits.padStart(digits.length + Math.max(0, 1 - point), '0').padEnd(Math.max(point, 1), '0')
  const at = Math.max(point, 1)
  const integer = padded.slice(0, at).replace(/^0+(?=\d)/, '')
  const rest = padded.slice(at).replace(/0+$/, '')
  return `${sign}${integer}${rest === '' ? '' : `.${rest}`}`
}
