import { readFileSync } from 'node:fs'
import path from 'node:path'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readAuditRecords, readSeals } from '~/server/audit/audit-seals.sql'
import { sealAudit, takeCheckpoint } from '~/server/audit/seal-audit'
import { hashOf, sealRecord } from '~/server/audit/seal-record'
import { verifyAudit } from '~/server/audit/verify-audit'
import { insertAuditRows } from '~test/support/audit-rows'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { onDatabase } from '~test/support/migrated-template'

const ROWS = 30
let console_: TestConsole
beforeEach(async () => {
  console_ = await createTestConsole()
  await insertAuditRows(console_.deps, ROWS, new Date('2026-01-01T00:00:00Z'))
})
afterEach(() => console_.close())

const sealAll = () => sealAudit(console_.deps, undefined, 7)
const verdict = async () => (await verifyAudit(console_.deps)).firstBreak

/** Changes rows as a superuser can who disables the triggers. */
const tamper = (...statements: string[]) =>
  onDatabase(console_.deps.config.databaseUrl, async (client) => {
    await client.query('SET session_replication_role = replica')
    for (const sql of statements) await client.query(sql)
  })

describe('verifying an untouched audit trail', () => {
  it('an empty audit trail is intact and has no checkpoint', async () => {
    const empty = await createTestConsole()
    const expected = { sealed: '0', waiting: 0, head: null, firstBreak: null }
    expect(await verifyAudit(empty.deps)).toEqual(expected)
    expect(await takeCheckpoint(empty.deps)).toBeNull()
    await empty.close()
  })

  it('an untouched audit trail is intact before and after its rows are sealed', async () => {
    expect(await verifyAudit(console_.deps)).toMatchObject({ sealed: '0', waiting: ROWS, firstBreak: null })
    await sealAll()
    expect(await verifyAudit(console_.deps)).toMatchObject({ sealed: '30', waiting: 0, firstBreak: null })
    expect(await verifyAudit(console_.deps, await takeCheckpoint(console_.deps))).toMatchObject({ firstBreak: null })
  })
})

describe('verifying an audit trail that a superuser changed', () => {
  beforeEach(sealAll)

  it.each([
    ['actor', `actor = 'somebody else'`],
    ['time, by a millisecond', `at_utc = at_utc + interval '1 millisecond'`],
    ['time, to infinity', `at_utc = 'infinity'`],
    ['action', `action = 'console.deploy.reconciled2'`],
    ['deploy', `deploy_id = NULL`],
    ['surface', `surface_id = 'surface-0'`],
    ['status, from a value to none', `status = NULL`],
    ['payload', `payload = '{"n": 14}'`],
    ['payload, by a digit beyond what a double holds', `payload = '{"n": 13.0000000000000000000001}'`],
    ['payload, by adding a member', `payload = payload || '{"__proto__": 1}'`],
  ])('finds that a superuser changed the %s of a row', async (_, change) => {
    await tamper(`UPDATE audit_events SET ${change} WHERE id = 13`)
    expect(await verdict()).toMatchObject({ kind: 'row_changed', rowId: '13', seq: '13' })
  })

  it('does not report a payload that only writes the same number differently', async () => {
    await tamper(`UPDATE audit_events SET payload = '{"n": 13.00}' WHERE id = 13`)
    expect(await verdict()).toBeNull()
  })

  it('names the first of two rows that a superuser changed', async () => {
    await tamper(`UPDATE audit_events SET actor = 'x' WHERE id IN (21, 8)`)
    expect(await verdict()).toMatchObject({ rowId: '8' })
  })

  it('finds that a superuser changed the newest row', async () => {
    await tamper(`UPDATE audit_events SET actor = 'x' WHERE id = 30`)
    expect(await verdict()).toMatchObject({ kind: 'row_changed', rowId: '30' })
  })

  it('finds that a superuser deleted a row', async () => {
    await tamper('DELETE FROM audit_events WHERE id = 13')
    expect(await verdict()).toMatchObject({ kind: 'row_deleted', rowId: '13', seq: '13' })
  })

  it('finds that a superuser deleted a row and its seal', async () => {
    await tamper('DELETE FROM audit_events WHERE id = 13', 'DELETE FROM audit_seals WHERE seq = 13')
    expect(await verdict()).toMatchObject({ kind: 'seal_missing', rowId: null, seq: '13' })
  })

  it('finds that a superuser deleted a row and its seal and closed the gap', async () => {
    await tamper(
      'DELETE FROM audit_events WHERE id = 13',
      'DELETE FROM audit_seals WHERE seq = 13',
      'UPDATE audit_seals SET seq = seq - 1 + 1000 WHERE seq > 13',
      'UPDATE audit_seals SET seq = seq - 1000 WHERE seq > 1000',
    )
    expect(await verdict()).toMatchObject({ kind: 'chain_broken', rowId: '14', seq: '13' })
  })

  it('finds that a superuser deleted a seal, and names the row', async () => {
    await tamper('DELETE FROM audit_seals WHERE seq = 13')
    expect(await verdict()).toMatchObject({ kind: 'seal_missing', rowId: '13', seq: '13' })
  })

  it('finds that a superuser deleted the newest seals', async () => {
    await tamper('DELETE FROM audit_seals WHERE seq > 28')
    expect(await verdict()).toMatchObject({ kind: 'row_unsealed', rowId: '29' })
  })

  it('finds that a superuser inserted a row between others', async () => {
    await tamper(
      `UPDATE audit_events SET id = 1000 WHERE id = 30`,
      `INSERT INTO audit_events (id, at_utc, actor, action, payload) VALUES (30, now(), 'x', 'console.test', '{}')`,
    )
    expect(await verdict()).toMatchObject({ kind: 'row_changed', rowId: '30' })
  })

  it.each(['-9223372036854775808', '31', '9223372036854775807'])(
    'finds that a superuser inserted a row with the id %s and no seal',
    async (id) => {
      await tamper(
        `INSERT INTO audit_events (id, at_utc, actor, action, payload) VALUES (${id}, now(), 'x', 'console.test', '{}')`,
      )
      expect(await verdict()).toMatchObject({ kind: 'row_unsealed', rowId: id, seq: null })
    },
  )

  it('finds that a superuser swapped two rows', async () => {
    await tamper(
      'UPDATE audit_events SET id = -1 WHERE id = 13',
      'UPDATE audit_events SET id = 13 WHERE id = 14',
      'UPDATE audit_events SET id = 14 WHERE id = -1',
    )
    expect(await verdict()).toMatchObject({ kind: 'row_changed', rowId: '13' })
  })

  it('finds that a superuser swapped two seals', async () => {
    await tamper(
      'UPDATE audit_seals SET seq = 1000 WHERE seq = 13',
      'UPDATE audit_seals SET seq = 13 WHERE seq = 14',
      'UPDATE audit_seals SET seq = 14 WHERE seq = 1000',
    )
    expect(await verdict()).toMatchObject({ kind: 'chain_broken', seq: '13' })
  })

  it.each([
    ['hash', `hash = sha256('x')`, 'seal_changed'],
    ['time', `sealed_at_utc = sealed_at_utc - interval '1 second'`, 'row_changed'],
    ['previous hash', `previous_hash = sha256('x')`, 'chain_broken'],
    ['version', 'version = 9', 'seal_changed'],
    ['row', 'audit_event_id = 1000', 'row_deleted'],
  ])('finds that a superuser changed the %s of a seal', async (_, change, kind) => {
    await tamper(`UPDATE audit_seals SET ${change} WHERE seq = 13`)
    expect(await verdict()).toMatchObject({ kind, seq: '13' })
  })

  it('finds that a superuser removed a row from the list of rows to seal', async () => {
    await insertAuditRows(console_.deps, 1, new Date('2026-02-01T00:00:00Z'))
    await tamper('DELETE FROM audit_unsealed')
    expect(await verdict()).toMatchObject({ kind: 'row_unsealed', rowId: '31' })
  })

  it('finds a rewritten chain only with a checkpoint, and reports it at the checkpoint', async () => {
    const checkpoint = await takeCheckpoint(console_.deps)
    await insertAuditRows(console_.deps, 5, new Date('2026-02-01T00:00:00Z'))
    await sealAll()
    expect((await verifyAudit(console_.deps, checkpoint)).firstBreak).toBeNull()
    await tamper(`UPDATE audit_events SET actor = 'x' WHERE id = 13`)
    await onDatabase(console_.deps.config.databaseUrl, rewriteChain)
    expect(await verdict()).toBeNull()
    const { firstBreak } = await verifyAudit(console_.deps, checkpoint)
    expect(firstBreak).toMatchObject({ kind: 'checkpoint_contradicted', rowId: '30', seq: '30' })
  })

  it('reports a chain that was rewritten up to some row at the row that follows', async () => {
    await tamper(`UPDATE audit_events SET actor = 'x' WHERE id = 13`)
    await onDatabase(console_.deps.config.databaseUrl, (client) => rewriteChain(client, 13n))
    expect(await verdict()).toMatchObject({ kind: 'chain_broken', seq: '14' })
  })

  it('finds with a checkpoint that the newest rows were removed with their seals', async () => {
    const checkpoint = await takeCheckpoint(console_.deps)
    await tamper('DELETE FROM audit_events WHERE id > 20', 'DELETE FROM audit_seals WHERE seq > 20')
    expect(await verdict()).toBeNull()
    const { firstBreak } = await verifyAudit(console_.deps, checkpoint)
    expect(firstBreak).toMatchObject({ kind: 'checkpoint_contradicted', rowId: '30', seq: '30' })
  })
})

/** Rewrites the chain with the console's own code, as anybody with the sources can. */
async function rewriteChain(client: pg.Client, upTo = 1_000n): Promise<void> {
  const { db } = console_.deps
  await client.query('SET session_replication_role = replica')
  let previousHash = '0'.repeat(64)
  for (const seal of await readSeals(db, { from: 1n, upTo, limit: 1_000 })) {
    const row = (await readAuditRecords(db, [seal.auditEventId])).get(seal.auditEventId)
    if (row === undefined) throw new Error('a row is missing')
    const hash = hashOf(sealRecord(row, { ...seal, previousHash }))
    await client.query(
      `UPDATE audit_seals SET previous_hash = decode($1, 'hex'), hash = decode($2, 'hex') WHERE seq = $3`,
      [previousHash, hash, seal.seq.toString()],
    )
    previousHash = hash
  }
}

it('the record that is hashed, and its hash, equal the example in ADR 011', () => {
  const adr = readFileSync(path.resolve(import.meta.dirname, '../../../docs/adr/011-audit-chain.md'), 'utf8')
  const [, record, hash] = /```\n(.*)\n([0-9a-f]{64})\n```/.exec(adr) ?? []
  const row = {
    id: 7n,
    at: '2026-11-21T11:00:00.000Z',
    actor: 'operator',
    action: 'console.flag.promoted',
    deployId: null,
    surfaceId: null,
    status: null,
    payload: '{"was": false, "flag": "FLAG_Ü", "environment": "staging"}',
  }
  const place = { seq: 1n, version: 1, sealedAt: '2026-11-21T11:00:05.000Z', previousHash: '0'.repeat(64) }
  expect(sealRecord(row, place)).toBe(record)
  expect(hashOf(sealRecord(row, place))).toBe(hash)
})
