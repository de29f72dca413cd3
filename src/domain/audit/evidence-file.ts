import { z } from 'zod'

// The evidence file of one deploy (docs/adr/056-evidence-file.md). Members in snake_case, as over REST.

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal')
const text = z.string()
const nullable = text.nullable()

/** A record as it was hashed (docs/adr/011-audit-chain.md). Unknown members are kept, because they are hashed too. */
const sealedRecord = z.looseObject({
  version: z.int(),
  seq: z.string().regex(/^[1-9]\d{0,18}$/, 'expected a number of a seal'),
  sealed_at: text,
  previous_hash: sha256,
  id: text,
  at: text,
  actor: text,
  action: text,
  deploy_id: nullable,
})
const sealedRow = z.strictObject({ hash: sha256, record: sealedRecord })

/** Facts that later versions add are kept: the hash is over everything. */
const content = z.looseObject({
  deploy: z.looseObject({ id: text, surface: text, environment: text, status: text, shipped: text }),
  approval: z.looseObject({}).nullable(),
  attempts: z.array(z.looseObject({ attempt: z.int() })),
  log: z.looseObject({ lines: z.array(z.strictObject({ seq: z.int(), at: text, line: text })) }),
  rows: z.array(sealedRow).min(1),
  kept_out: z.array(z.strictObject({ what: text, why: text })),
})

export const EVIDENCE_VERSION = 1

export const evidenceFile = z.strictObject({
  kind: z.literal('deploy-console-evidence'),
  version: z.literal(EVIDENCE_VERSION),
  content,
  /** The row of the trail that holds the SHA-256 of `content`, and its seal. */
  seal: sealedRow,
})
export type EvidenceFile = z.output<typeof evidenceFile>
export type EvidenceContent = EvidenceFile['content']
export type SealedRow = z.output<typeof sealedRow>
