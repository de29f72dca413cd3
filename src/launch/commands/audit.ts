import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { type AuditBreak, type AuditCheckpoint, auditCheckpoint } from '~/domain/audit/checkpoint'
import { serverCommand } from './server-command.ts'

/** npm runs scripts in the project's directory. INIT_CWD is the operator's. */
export const checkpointFile = z.string().transform((file, context): AuditCheckpoint => {
  try {
    const text = readFileSync(path.resolve(process.env['INIT_CWD'] ?? '.', file), 'utf8')
    const parsed = auditCheckpoint.safeParse(JSON.parse(text))
    if (parsed.success) return parsed.data
    context.addIssue(`${file} holds no checkpoint of this console`)
  } catch (error) {
    context.addIssue(`${file} cannot be read as a checkpoint (${error instanceof Error ? error.message : error})`)
  }
  return z.NEVER
})

export const auditVerify = serverCommand({
  name: 'audit verify',
  summary: 'verifies the hash chain of the audit trail and names the first broken row',
  options: {
    checkpoint: {
      type: 'string',
      value: '<file>',
      summary: 'also verify that the chain still contains this checkpoint',
    },
  },
  input: z.object({ checkpoint: checkpointFile.optional() }),
  run: async ({ deps, print }, { checkpoint }) => {
    const { verifyAudit } = await import('~/server/audit/verify-audit')
    const { firstBreak, head, sealed, waiting } = await verifyAudit(deps, checkpoint)
    if (firstBreak !== null) {
      await print(`BROKEN: ${placeOf(firstBreak)}: ${firstBreak.kind}: ${firstBreak.detail}.`)
      await print(`The ${sealed} rows before this row are intact.`)
      return 'failed'
    }
    await print(`The audit trail is whole: ${sealed} rows sealed, ${waiting} waiting for their seal.`)
    if (head !== null) await print(`Head: ${head.hash} (row ${head.rowId}, sealed ${head.sealedAt})`)
    if (checkpoint !== undefined)
      await print(`It contains the checkpoint of ${checkpoint.taken_at} (seal ${checkpoint.seq}).`)
    return 'done'
  },
})

export const auditCheckpointCommand = serverCommand({
  name: 'audit checkpoint',
  summary: 'prints the current head of the chain as JSON. Keep it where the database’s administrators cannot write',
  input: z.object({}),
  run: async ({ deps, print }) => {
    const { takeCheckpoint } = await import('~/server/audit/seal-audit')
    const checkpoint = await takeCheckpoint(deps)
    if (checkpoint === null) {
      throw new Error(
        'The audit trail has no sealed rows yet, so there is no checkpoint. Start a worker, which seals them, and try again.',
      )
    }
    await print(JSON.stringify(checkpoint))
    return 'done'
  },
})

export const auditRecords = serverCommand({
  name: 'audit records',
  summary:
    'prints every sealed row with its hash, one per line, so that others can verify the chain without the console',
  input: z.object({}),
  run: async ({ deps, print }) => {
    const { sealedLines } = await import('~/server/audit/verify-audit')
    for await (const line of sealedLines(deps)) await print(line)
    return 'done'
  },
})

function placeOf({ rowId, seq }: AuditBreak): string {
  const places = [rowId !== null && `row ${rowId}`, seq !== null && `seal ${seq}`]
  return places.filter((place) => place !== false).join(', ')
}
