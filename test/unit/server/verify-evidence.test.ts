import { describe, expect, it } from 'vitest'
import type { EvidenceFile } from '~/domain/audit/evidence-file'
import { canonicalJson, GENESIS_HASH, hashOf } from '~/server/audit/seal-record'
import {
  EVIDENCE_ACTION,
  evidenceDigest,
  evidenceText,
  verifyEvidence,
  verifyInTrail,
} from '~/server/audit/verify-evidence'

const DEPLOY = '0199aaaa-0000-7000-8000-000000000000'
const OTHER = '0199bbbb-0000-7000-8000-000000000000'
const AT = '2026-11-21T11:00:00.000Z'

/** A trail of rows, each of which names its deploy and action. */
function sealedTrail(...rows: readonly { deploy: string; action: string; payload: object }[]) {
  let previous = GENESIS_HASH
  return rows.map(({ deploy, action, payload }, index) => {
    const number = String(index + 1)
    const place = { version: 1, seq: number, sealed_at: AT, previous_hash: previous }
    const row = {
      id: number,
      at: AT,
      actor: 'ada',
      action,
      deploy_id: deploy,
      surface_id: 'api',
      status: null,
      payload,
    }
    const record = { ...place, ...row }
    previous = hashOf(canonicalJson(record))
    return { hash: previous, record }
  })
}

const ROWS = [
  { deploy: DEPLOY, action: 'console.deploy.requested', payload: { reason: 'a line\u2028break' } },
  { deploy: DEPLOY, action: 'console.deploy.dispatched', payload: { run_id: '7' } },
  { deploy: OTHER, action: 'console.deploy.requested', payload: {} },
  { deploy: DEPLOY, action: 'console.deploy.callback', payload: { from: 'deploying' } },
] as const

function contentOf(rows: readonly unknown[]): EvidenceFile['content'] {
  return {
    deploy: { id: DEPLOY, surface: 'api', environment: 'production', status: 'succeeded', shipped: 'yes' },
    approval: null,
    attempts: [{ attempt: 1, jobs: [{ name: 'deploy', conclusion: 'success' }] }],
    log: { lines: [{ seq: 1, at: AT, line: '\u001b[31mred\u001b[0m ünïcode \ufffd' }] },
    rows: rows as EvidenceFile['content']['rows'],
    kept_out: [{ what: 'rows of other deploys', why: 'they are not about this deploy' }],
  }
}

function evidence(action: string = EVIDENCE_ACTION, deploy = DEPLOY) {
  const own = sealedTrail(...ROWS).filter(({ record }) => record.deploy_id === DEPLOY)
  const content = contentOf(own)
  const payload = { content_sha256: evidenceDigest(content) }
  const trail = sealedTrail(...ROWS, { deploy, action, payload })
  const seal = trail.at(-1)
  if (seal === undefined) throw new Error('the trail is empty')
  const file: EvidenceFile = { kind: 'deploy-console-evidence', version: 1, content, seal }
  return { file, trail }
}

const { file: FILE, trail: TRAIL } = evidence()
const TEXT = evidenceText(FILE)
const verdictOf = (text: string) => verifyEvidence(Buffer.from(text))
/** The file with a change in a copy. */
const changed = (change: (file: EvidenceFile) => unknown): EvidenceFile => {
  const copy = structuredClone(FILE)
  change(copy)
  return copy
}

describe('an evidence file', () => {
  it('is whole as it was written', () => {
    expect(verdictOf(TEXT)).toEqual({ file: FILE })
  })

  it('is broken by every byte that is changed, removed or added', () => {
    const bytes = Buffer.from(TEXT)
    const intact: string[] = []
    const offer = (start: number, added: readonly number[], end: number) => {
      const altered = Buffer.concat([bytes.subarray(0, start), Buffer.from(added), bytes.subarray(end)])
      if (!altered.equals(bytes) && 'file' in verifyEvidence(altered)) intact.push(`${start}-${end}: ${added}`)
    }
    const others = Buffer.from(' a10\n\xff', 'latin1')
    for (let at = 0; at <= bytes.length; at += 1) {
      const other = [others[at % others.length] ?? 0]
      offer(at, [], at + 1)
      offer(at, other, at)
      offer(at, other, at + 1)
    }
    expect(bytes.length).toBeGreaterThan(2_000)
    expect(intact).toEqual([])
  })

  it('is broken by a byte that is not UTF-8 in place of a replacement character', () => {
    const altered = Buffer.from(Buffer.from(TEXT).toString('latin1').replace('\xef\xbf\xbd', '\xff'), 'latin1')
    expect(altered.toString()).toBe(TEXT)
    expect(verifyEvidence(altered)).toHaveProperty('problem')
  })

  const withAhead = (member: string, added: string) => TEXT.replace(`"${member}":`, `${added}, "${member}":`)
  it.each([
    ['members that the real ones follow', withAhead('environment', '"status": "failed", "shipped": "no"')],
    ['a content that the real one follows', withAhead('content', `"content": ${JSON.stringify(FILE.content)}`)],
    ['a deploy with the member __proto__', withAhead('environment', '"__proto__": { "note": "x" }')],
    ['a row with the member __proto__', withAhead('action', '"__proto__": { "note": "x" }')],
    ['members in another order', JSON.stringify({ ...FILE, content: { ...FILE.content } }, null, 2)],
    ['other white space', JSON.stringify(JSON.parse(TEXT), null, 4)],
    ['another spelling of a character', TEXT.replace('red', String.raw`\u0072ed`)],
  ])('is broken by %s', (_, text) => {
    expect(text).not.toBe(TEXT)
    expect(verdictOf(text)).toEqual({
      problem: expect.stringMatching(/^The text of the file was changed, from byte \d+/),
    })
  })

  it.each([
    [
      'a log line',
      changed(({ content }) => Object.assign(content.log.lines[0] ?? {}, { line: 'green' })),
      /content was changed/,
    ],
    [
      'a member that was added',
      changed(({ content }) => Object.assign(content.deploy, { note: 'x' })),
      /content was changed/,
    ],
    ['a row that was removed', changed(({ content }) => content.rows.splice(1, 1)), /content was changed/],
    ['two rows in another order', changed(({ content }) => content.rows.reverse()), /out of order/],
    [
      'a row',
      changed(({ content }) => Object.assign(content.rows[1]?.record ?? {}, { actor: 'eve' })),
      /Row 2 .* was changed/,
    ],
    [
      'a row whose hash was computed again',
      changed(({ content }) => {
        const [first] = content.rows
        if (first !== undefined) Object.assign(first.record, { actor: 'eve' })
        if (first !== undefined) Object.assign(first, { hash: hashOf(canonicalJson(first.record)) })
      }),
      /Row 2 .* does not link/,
    ],
    ['something beside the content', { ...FILE, note: 'x' }, /not an evidence file/],
    ['a seal about another deploy', evidence(EVIDENCE_ACTION, OTHER).file, /seal of the file is of another row/],
    ['a seal of another action', evidence('console.deploy.requested').file, /seal of the file is of another row/],
  ])('is broken by %s', (_, file, problem) => {
    expect(verdictOf(JSON.stringify(file))).toEqual({ problem: expect.stringMatching(problem) })
  })
})

describe('an evidence file and an export of the trail', () => {
  const lines = (trail = TRAIL) => trail.map(({ hash, record }) => `${hash}\t${canonicalJson(record)}`)
  async function* streamOf(texts: readonly string[]) {
    yield* texts
  }
  const inTrail = (texts: readonly string[], checkpoint: { seq: string; hash: string } | null = null) =>
    verifyInTrail(
      FILE,
      streamOf(texts),
      checkpoint && {
        kind: 'deploy-console-audit-checkpoint',
        version: 1,
        audit_event_id: checkpoint.seq,
        sealed_at: AT,
        taken_at: AT,
        ...checkpoint,
      },
    )

  it('agree if the trail holds every row of the file and contains the checkpoint', async () => {
    expect(await inTrail(lines(), { seq: '5', hash: TRAIL[4]?.hash ?? '' })).toEqual({ sealed: 5n })
  })

  it('disagree if the file was forged together with all its hashes', async () => {
    const forged = sealedTrail(...ROWS.map((row) => ({ ...row, action: `${row.action}_forged` })))
    expect(await inTrail(lines(forged))).toEqual({ problem: expect.stringMatching(/Seal 1 of the trail is/) })
  })

  it('disagree with a checkpoint from before the trail was rewritten', async () => {
    const checkpoint = { seq: '3', hash: 'c'.repeat(64) }
    expect(await inTrail(lines(), checkpoint)).toEqual({ problem: expect.stringMatching(/but the checkpoint says/) })
  })

  it.each([
    ['lacks a line', lines().toSpliced(2, 1), /broken at seal 3/],
    ['ends before the file was written', lines().slice(0, 4), /ends at seal 4, before seal 5/],
    ['has a changed line', lines().map((line) => line.replace('"7"', '"8"')), /broken at seal 2/],
    ['has a line that is no record', ['x', ...lines()], /broken at seal 1/],
  ])('disagree if the export %s', async (_, texts, problem) => {
    expect(await inTrail(texts)).toEqual({ problem: expect.stringMatching(problem) })
  })
})
