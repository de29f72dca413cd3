import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readCall } from '~/command-line/command'
import type { EvidenceFile } from '~/domain/audit/evidence-file'
import { OFFLINE_COMMANDS } from '~/launch/commands/commands'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { sealAudit, takeCheckpoint } from '~/server/audit/seal-audit'
import { sealedLines, verifyAudit } from '~/server/audit/verify-audit'
import { verifyEvidence } from '~/server/audit/verify-evidence'
import { insertAuditRows } from '~test/support/audit-rows'
import { callConsole } from '~test/support/call-console'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'

let console_: TestConsole
let rest: ReturnType<typeof restClient>
const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-evidence-'))
beforeAll(async () => {
  console_ = await createTestConsole()
  rest = restClient(console_.deps)
  await insertAuditRows(console_.deps, 20, new Date('2026-01-01T00:00:00Z'))
  await sealAudit(console_.deps)
})
afterAll(async () => {
  await console_.close()
  rmSync(directory, { recursive: true })
})

async function endedDeploy() {
  const { deps } = console_
  const deploy = await insertDeployAt(deps, 'succeeded')
  const subject = { actor: 'ada@example.com', at: deps.now(), deployId: deploy.id, surfaceId: deploy.surface.id }
  await appendAuditEvent(deps.db, subject, {
    action: 'console.deploy.requested',
    status: 'requested',
    payload: { ref: 'main', sha: null, environment: 'production', reason: 'two\u2028lines' },
  })
  await deps.db.deployLogLine.create({ data: { deployId: deploy.id, seq: 1, line: 'Built.', at: deps.now() } })
  return deploy
}
const download = (id: string) => rest.call('GET', `/api/internal/deploys/${id}/evidence`)

it('the evidence of an ended deploy verifies offline, and in the trail with a checkpoint from afterwards', async () => {
  const { id, surface } = await endedDeploy()
  const { text, body, headers } = await download(id)
  const { content, seal } = body as EvidenceFile
  expect(headers.get('content-disposition')).toBe(`attachment; filename="evidence-${id}.json"`)
  expect(content).toMatchObject({ deploy: { id, surface: surface.id }, log: { lines: [{ seq: 1, line: 'Built.' }] } })
  expect(content.rows.map(({ record }) => record.action)).toEqual(['console.deploy.requested'])
  expect(verifyEvidence(Buffer.from(text))).toEqual({ file: body })
  expect(await verifyAudit(console_.deps)).toMatchObject({ firstBreak: null })

  const write = (name: string, text: string) => {
    writeFileSync(path.join(directory, name), text)
    return path.join(directory, name)
  }
  const file = write('evidence.json', text)
  let records = ''
  for await (const line of sealedLines(console_.deps)) records += `${line}\n`
  const checkpoint = JSON.stringify(await takeCheckpoint(console_.deps))
  const trail = ['--records', write('records.txt', records), '--checkpoint', write('checkpoint.json', checkpoint)]
  // A database that does not exist: the command asks none.
  const whole = await callConsole('postgres://nowhere.invalid/none', ['evidence', 'verify', file, ...trail])
  expect(whole).toMatchObject({ code: 0, err: '' })
  expect(whole.out).toContain(`Fingerprint: seal ${seal.record.seq}, ${seal.hash}`)
  expect(whole.out).toContain('which covers every row of the file')

  const printed: string[] = []
  const verify = async (...args: string[]) => {
    const call = readCall(['evidence', 'verify', ...args], OFFLINE_COMMANDS, { call: 'console', notes: [] })
    return call.kind === 'run' ? call.run({ print: async (line) => void printed.push(line) }) : call
  }
  expect(await verify(write('changed.json', text.replace('Built.', 'Bullt.')))).toBe('failed')
  expect(printed).toEqual([expect.stringMatching(/^BROKEN: The content was changed/)])
  for (const args of [
    [path.join(directory, 'missing.json')],
    [file, '--checkpoint', path.join(directory, 'checkpoint.json')],
  ])
    expect(await verify(...args)).toMatchObject({ kind: 'usage_error' })
})

it('the same evidence is recorded once, and new facts give a new file', async () => {
  const { id } = await endedDeploy()
  const first = await download(id)
  expect((await download(id)).body).toEqual(first.body)
  const written = { deployId: id, action: 'console.deploy.evidence_written' }
  expect(await console_.deps.db.auditEvent.count({ where: written })).toBe(1)
  await console_.deps.db.deploy.update({ where: { id }, data: { shipped: 'unknown' } })
  expect((await download(id)).body).toMatchObject({ content: { deploy: { shipped: 'unknown' } } })
  expect(await console_.deps.db.auditEvent.count({ where: written })).toBe(2)
  // The first file still verifies: its row stays in the trail.
  expect(verifyEvidence(Buffer.from(first.text))).toHaveProperty('file')
})

it('evidence is written while another process seals', async () => {
  const { id } = await endedDeploy()
  const [answer] = await Promise.all([download(id), sealAudit(console_.deps, undefined, 1), sealAudit(console_.deps)])
  expect(verifyEvidence(Buffer.from(answer.text))).toHaveProperty('file')
})

it('a deploy that has not ended, or does not exist, has no evidence', async () => {
  const { id } = await insertDeployAt(console_.deps, 'building')
  expect(await download(id)).toMatchObject({ status: 409, body: { code: 'deploy_unfinished' } })
  expect(await download(console_.deps.newId())).toMatchObject({ status: 404, body: { code: 'deploy_unknown' } })
})

it('a file holds the newest log lines that fit, counted in bytes, and says how many it leaves out', async () => {
  const { deps } = console_
  const { id } = await endedDeploy()
  // 4,000 bytes each in UTF-8: 1,048 of them are just under 4 MiB.
  const line = '日'.repeat(1_333)
  const data = Array.from({ length: 1_060 }, (_, index) => ({
    deployId: id,
    seq: index + 2,
    line: `${line}.`,
    at: deps.now(),
  }))
  await deps.db.deployLogLine.createMany({ data })
  const { content } = (await download(id)).body as EvidenceFile
  expect(content.log.lines.map(({ seq }) => seq)).toEqual(data.slice(12).map(({ seq }) => seq))
  expect(content.kept_out).toContainEqual(expect.objectContaining({ what: 'The 13 oldest log lines' }))
})
