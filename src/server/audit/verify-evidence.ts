import 'server-only'
import type { AuditCheckpoint } from '~/domain/audit/checkpoint'
import { type EvidenceFile, evidenceFile, type SealedRow } from '~/domain/audit/evidence-file'
import { canonicalJson, GENESIS_HASH, hashOf } from '~/server/audit/seal-record'

// Needs no database, so that an auditor can verify a file without the console's (docs/adr/056-evidence-file.md).

export const EVIDENCE_ACTION = 'console.deploy.evidence_written'

/** What the row of the trail holds of an evidence file's content. */
export const evidenceDigest = (content: unknown): string => hashOf(canonicalJson(content))

/**
 * The file, indented for people. Content and seal have exactly one text, with members in canonical order, so that nothing in a file can
 * differ without a hash that differs.
 */
export function evidenceText({ kind, version, content, seal }: EvidenceFile): string {
  const ordered = { content: inOrder(content), seal: { hash: seal.hash, record: inOrder(seal.record) } }
  return `${JSON.stringify({ kind, version, ...ordered }, null, 2)}\n`
}

const inOrder = (value: unknown): unknown => JSON.parse(canonicalJson(value))

type Verdict = { readonly file: EvidenceFile } | { readonly problem: string }

/** Whether the file is, byte for byte, as it was written. Names the first part that is not. */
export function verifyEvidence(bytes: Buffer): Verdict {
  let parsed: unknown
  try {
    parsed = JSON.parse(bytes.toString())
  } catch (error) {
    return { problem: `The file is not JSON (${error instanceof Error ? error.message : error})` }
  }
  const { data: file, error } = evidenceFile.safeParse(parsed)
  if (file === undefined) {
    const [issue] = error.issues
    return { problem: `The file is not an evidence file of this version: ${issue?.path.join('.')}: ${issue?.message}` }
  }
  const problem = problemOf(file) ?? problemOfText(file, bytes)
  return problem === null ? { file } : { problem }
}

function problemOf({ content, seal }: EvidenceFile): string | null {
  for (const row of [...content.rows, seal]) {
    const hash = hashOf(canonicalJson(row.record))
    if (hash !== row.hash)
      return `Row ${row.record.id} (seal ${row.record.seq}) was changed: its hash is ${hash}, its seal says ${row.hash}`
  }
  const unlinked = firstUnlinked(content.rows)
  if (unlinked !== null) return unlinked
  const { record } = seal
  if (record.action !== EVIDENCE_ACTION || record.deploy_id !== content.deploy.id)
    return `The seal of the file is of another row: ${record.action} of deploy ${record.deploy_id}`
  const digest = evidenceDigest(content)
  const sealed = digestIn(record)
  if (digest !== sealed) return `The content was changed: its hash is ${digest}, row ${record.id} says ${sealed}`
  return null
}

/**
 * A parser skips what a person or another program may read: the first of two members of one name, members named `__proto__`, bytes
 * that are not UTF-8.
 */
function problemOfText(file: EvidenceFile, bytes: Buffer): string | null {
  const written = Buffer.from(evidenceText(file))
  if (written.equals(bytes)) return null
  const at = written.findIndex((byte, index) => byte !== bytes[index])
  const byte = at === -1 ? written.length : at
  return `The text of the file was changed, from byte ${byte} on. If another program has saved it, download the file again`
}

function digestIn({ payload }: SealedRow['record']): unknown {
  return typeof payload === 'object' && payload !== null && 'content_sha256' in payload ? payload.content_sha256 : null
}

/** Rows that were sealed one after the other are linked; between others stand rows of other deploys, which the file leaves out. */
function firstUnlinked(rows: readonly SealedRow[]): string | null {
  for (const [index, { record }] of rows.entries()) {
    const before = rows[index - 1]
    if (before === undefined) continue
    const step = BigInt(record.seq) - BigInt(before.record.seq)
    if (step <= 0n) return `Row ${record.id} is out of order: seal ${record.seq} follows seal ${before.record.seq}`
    if (step === 1n && record.previous_hash !== before.hash)
      return `Row ${record.id} (seal ${record.seq}) does not link to the row before it`
  }
  return null
}

type TrailVerdict = { readonly sealed: bigint } | { readonly problem: string }

/**
 * Whether an independent export of the trail (`audit records`) is an unbroken chain, holds every row of the file, and contains the
 * checkpoint.
 */
export async function verifyInTrail(
  file: EvidenceFile,
  lines: AsyncIterable<string>,
  checkpoint: AuditCheckpoint | null,
): Promise<TrailVerdict> {
  const missing = new Map([...file.content.rows, file.seal].map(({ hash, record }) => [record.seq, hash]))
  let sealed = 0n
  let previousHash = GENESIS_HASH
  for await (const line of lines) {
    if (line === '') continue
    const [hash = '', text = ''] = line.split('\t', 2)
    const seq = (sealed + 1n).toString()
    const record = linkIn(text)
    if (hashOf(text) !== hash || record?.seq !== seq || record.previous_hash !== previousHash)
      return { problem: `The trail is broken at seal ${seq}` }
    const expected = missing.get(seq)
    if (expected !== undefined && expected !== hash)
      return { problem: `Seal ${seq} of the trail is ${hash}, but the file says ${expected}` }
    if (checkpoint?.seq === seq && checkpoint.hash !== hash)
      return { problem: `Seal ${seq} of the trail is ${hash}, but the checkpoint says ${checkpoint.hash}` }
    missing.delete(seq)
    sealed += 1n
    previousHash = hash
  }
  const [absent] = missing.keys()
  if (absent !== undefined) return { problem: `The trail ends at seal ${sealed}, before seal ${absent} of the file` }
  if (checkpoint !== null && BigInt(checkpoint.seq) > sealed)
    return { problem: `The trail ends at seal ${sealed}, before the checkpoint of seal ${checkpoint.seq}` }
  return { sealed }
}

function linkIn(text: string): { readonly seq: unknown; readonly previous_hash: unknown } | null {
  try {
    const record: unknown = JSON.parse(text)
    if (typeof record !== 'object' || record === null || !('seq' in record) || !('previous_hash' in record)) return null
    return record
  } catch {
    return null
  }
}
