import { accessSync, createReadStream, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { AuditCheckpoint } from '~/domain/audit/checkpoint'
import type { EvidenceFile } from '~/domain/audit/evidence-file'
import { visible } from '~/domain/foreign-text'
import { checkpointFile } from './audit.ts'
import { type CommandContext, offlineCommand } from './server-command.ts'

/** npm runs scripts in the project's directory. INIT_CWD is the operator's. */
const atOperator = (file: string) => path.resolve(process.env['INIT_CWD'] ?? '.', file)

const readable = z.string({ error: 'name the file' }).transform((file, context) => {
  try {
    return readFileSync(atOperator(file))
  } catch (error) {
    context.addIssue(`${file} cannot be read (${error instanceof Error ? error.message : error})`)
    return z.NEVER
  }
})

/** Checked now and read later, line by line, because a trail may be large. */
const recordsFile = z.string().transform((file, context) => {
  try {
    accessSync(atOperator(file))
  } catch (error) {
    context.addIssue(`${file} cannot be read (${error instanceof Error ? error.message : error})`)
  }
  return atOperator(file)
})

/** Lines end with a line feed alone. Node's readline would also split at separators that the text of a record may hold. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(file, 'utf8')) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  yield rest
}

export const evidenceVerify = offlineCommand({
  name: 'evidence verify',
  summary:
    'verifies the evidence file of a deploy, without the console and its database. Exits 1 if anything was changed',
  operand: { name: 'file', value: '<file>' },
  options: {
    records: {
      type: 'string',
      value: '<file>',
      summary: 'also verify that this output of "audit records" holds the file’s rows',
    },
    checkpoint: { type: 'string', value: '<file>', summary: 'also verify that those records contain this checkpoint' },
  },
  input: z
    .object({ file: readable, records: recordsFile.optional(), checkpoint: checkpointFile.optional() })
    .refine(({ records, checkpoint }) => checkpoint === undefined || records !== undefined, {
      path: ['checkpoint'],
      error: 'needs --records too, because a checkpoint is of the whole trail',
    }),
  run: async ({ print }, { file: bytes, records, checkpoint = null }) => {
    const { verifyEvidence, verifyInTrail } = await import('~/server/audit/verify-evidence')
    const verdict = verifyEvidence(bytes)
    if ('problem' in verdict) return broken(print, verdict.problem)
    const { file } = verdict
    await describe(print, file)
    if (records === undefined) {
      await print(
        'Not proven: that the trail holds these rows. A person who can write every row can also compute every hash again. Compare the  ' +
          'fingerprint with the trail, or pass --records and --checkpoint.',
      )
      return 'done'
    }
    const inTrail = await verifyInTrail(file, linesOf(records), checkpoint)
    if ('problem' in inTrail) return broken(print, inTrail.problem)
    await print(`The records hold every row of the file, and their chain is unbroken: ${inTrail.sealed} seals.`)
    await print(sentenceAbout(checkpoint, file))
    return 'done'
  },
})

type Print = CommandContext['print']

async function broken(print: Print, problem: string): Promise<'failed'> {
  await print(`BROKEN: ${visible(problem)}.`)
  return 'failed'
}

async function describe(print: Print, { content, seal }: EvidenceFile): Promise<void> {
  const { deploy, rows, log, attempts, kept_out } = content
  const { record, hash } = seal
  await print(
    visible(
      `The file is as it was written: deploy ${deploy.id} to ${deploy.surface}, ${deploy.status}, shipped: ${deploy.shipped}.`,
    ),
  )
  await print(visible(`Written ${record.at} by ${record.actor}. Sealed ${record.sealed_at}.`))
  await print(
    `It holds ${rows.length} rows of the trail, ${attempts.length} attempts and ${log.lines.length} log lines.`,
  )
  await print(`Fingerprint: seal ${record.seq}, ${hash}`)
  for (const { what, why } of kept_out) await print(visible(`Left out: ${what}. ${why}`))
}

function sentenceAbout(checkpoint: AuditCheckpoint | null, { seal }: EvidenceFile): string {
  if (checkpoint === null)
    return 'Not proven: that nobody rewrote the whole trail. Pass a checkpoint that was kept elsewhere.'
  if (BigInt(checkpoint.seq) >= BigInt(seal.record.seq))
    return `They contain the checkpoint of ${checkpoint.taken_at} (seal ${checkpoint.seq}), which covers every row of the file.`
  return `They contain the checkpoint of ${checkpoint.taken_at} (seal ${checkpoint.seq}). Not proven: that nobody rewrote later seals. The file’s own is seal ${seal.record.seq}.`
}
