import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sealAudit } from '~/server/audit/seal-audit'
import { verifyAudit } from '~/server/audit/verify-audit'
import { createDeps, type Deps } from '~/server/deps'
import { ADVISORY_LOCKS } from '~/server/platform/advisory-locks'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { startWorker } from '~/server/worker/start-worker'
import { OPERATOR } from '~test/support/actors'
import { insertAuditRows } from '~test/support/audit-rows'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { onDatabase } from '~test/support/migrated-template'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

const db = () => console_.deps.db
const seals = () => db().auditSeal.findMany({ orderBy: { seq: 'asc' }, select: { seq: true, auditEventId: true } })
const insert = (client: pg.Client, actor: string) =>
  client
    .query<{ id: string }>(
      `INSERT INTO audit_events (at_utc, actor, action, payload) VALUES (now(), $1, 'console.test', '{}') RETURNING id`,
      [actor],
    )
    .then(({ rows }) => BigInt(rows[0]?.id ?? ''))

const migration = path.resolve(import.meta.dirname, '../../../prisma/migrations/20261121110000_audit_seals')
const migrationSql = (file: string) => readFileSync(path.join(migration, file), 'utf8')
const waitingForLocks = async (deps: Deps) =>
  (
    await deps.db.$queryRaw<unknown[]>`SELECT FROM pg_locks AS l JOIN pg_database AS d ON d."oid" = l."database"
    WHERE NOT l."granted" AND d."datname" = current_database()`
  ).length

async function expectEachSealedOnce() {
  const chain = await seals()
  expect(chain.map(({ seq }) => seq)).toEqual(chain.map((_, index) => BigInt(index + 1)))
  const sealed = chain.map(({ auditEventId }) => auditEventId).sort((a, b) => Number(a - b))
  const rows = await db().auditEvent.findMany({ orderBy: { id: 'asc' }, select: { id: true } })
  expect(sealed).toEqual(rows.map(({ id }) => id))
  expect(await verifyAudit(console_.deps)).toMatchObject({ waiting: 0, firstBreak: null })
}

describe('sealing the audit trail', () => {
  it('the state of sealing counts the rows that wait and names the last seal', async () => {
    const own = await createTestConsole()
    const { deps } = own
    const caller = createCaller(createContextInner(deps, OPERATOR))
    expect(await caller.audit.sealState()).toEqual({ waiting: 0, last: null })
    await insertAuditRows(deps, 3, new Date('2026-01-01T00:00:00Z'))
    await sealAudit(deps)
    await insertAuditRows(deps, 2, new Date('2026-01-02T00:00:00Z'))
    const { waiting, last } = await caller.audit.sealState()
    expect({ waiting, seq: last?.seq }).toEqual({ waiting: 2, seq: '3' })
    await own.close()
  })

  it('sealing includes every row of a transaction that stays open across passes, however low its id', async () => {
    const url = console_.deps.config.databaseUrl
    await onDatabase(url, async (late) => {
      await late.query('BEGIN')
      const lateId = await insert(late, 'late')
      const givenUp = new pg.Client({ connectionString: url })
      await givenUp.connect()
      await givenUp.query('BEGIN')
      await insert(givenUp, 'never committed')
      await onDatabase(url, (client) => insert(client, 'early'))
      await sealAudit(console_.deps)
      await onDatabase(url, (client) => insert(client, 'later'))
      await sealAudit(console_.deps)
      expect((await seals()).map(({ auditEventId }) => auditEventId)).not.toContain(lateId)
      await givenUp.query('ROLLBACK')
      await givenUp.end()
      await late.query('COMMIT')
      await sealAudit(console_.deps)
      expect((await seals()).at(-1)?.auditEventId).toBe(lateId)
    })
    await expectEachSealedOnce()
  })

  it('several sealers seal each row once while writers commit out of order and roll back', async () => {
    const url = console_.deps.config.databaseUrl
    const sealers = [createDeps(console_.deps.config), createDeps(console_.deps.config)]
    let writing = true
    const write = (writer: number) =>
      onDatabase(url, async (client) => {
        for (let round = 0; round < 40; round += 1) {
          await client.query('BEGIN')
          for (let n = 0; n <= (round + writer) % 4; n += 1) await insert(client, `writer ${writer}`)
          await client.query(round % 5 === 0 ? 'ROLLBACK' : 'COMMIT')
        }
      })
    const seal = async (deps: (typeof sealers)[number]) => {
      while (writing) await sealAudit(deps, undefined, 7)
    }
    // Verification runs all the while: rows that are being written or sealed are never reported as broken.
    const verify = async () => {
      while (writing) expect((await verifyAudit(console_.deps)).firstBreak).toBeNull()
    }
    const sealing = Promise.all([...sealers.map(seal), verify()])
    await Promise.all([1, 2, 3, 4].map(write)).finally(() => {
      writing = false
    })
    await sealing
    await sealAudit(console_.deps)
    for (const sealer of sealers) await sealer.db.$disconnect()
    expect((await seals()).length).toBeGreaterThan(200)
    await expectEachSealedOnce()
  })

  it('sealing continues while the reconciler holds its lock', async () => {
    await onDatabase(console_.deps.config.databaseUrl, async (worker) => {
      await worker.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.reconcilePass])
      const id = await insert(worker, 'meanwhile')
      await sealAudit(console_.deps)
      expect((await seals()).at(-1)?.auditEventId).toBe(id)
    })
  })

  it('sealing works through a long trail in batches, and does nothing once every row is sealed', async () => {
    await insertAuditRows(console_.deps, 1_234, new Date('2026-01-01T00:00:00Z'))
    await sealAudit(console_.deps, undefined, 100)
    await expectEachSealedOnce()
    const before = await seals()
    await sealAudit(console_.deps)
    expect(await seals()).toEqual(before)
  })

  it('sealing covers rows from before the migration, and a row written while the migration runs', async () => {
    const own = await createTestConsole()
    const { deps } = own
    const url = deps.config.databaseUrl
    await onDatabase(url, async (client) => {
      await client.query(migrationSql('rollback.sql'))
      await insertAuditRows(deps, 40, new Date('2026-01-01T00:00:00Z'))
      await onDatabase(url, async (writer) => {
        await writer.query('BEGIN')
        await insert(writer, 'writing')
        const migrated = client.query(migrationSql('migration.sql'))
        await vi.waitUntil(async () => (await waitingForLocks(deps)) > 0, { timeout: 50_000, interval: 50 })
        await writer.query('COMMIT')
        await migrated
      })
    })
    await sealAudit(deps, undefined, 9)
    expect(await verifyAudit(deps)).toMatchObject({ sealed: '41', waiting: 0, firstBreak: null })
    await own.close()
  })

  it('sealing continues past a row deleted before it was sealed, and the verification reports that row', async () => {
    const own = await createTestConsole()
    const { deps } = own
    await insertAuditRows(deps, 20, new Date('2026-01-01T00:00:00Z'))
    await onDatabase(deps.config.databaseUrl, async (client) => {
      await client.query(`SET session_replication_role = replica`)
      await client.query('DELETE FROM audit_events WHERE id BETWEEN 2 AND 9')
    })
    await sealAudit(deps, undefined, 3)
    expect(await deps.db.auditSeal.count()).toBe(12)
    expect((await verifyAudit(deps)).firstBreak).toMatchObject({ kind: 'row_deleted', rowId: '2' })
    await own.close()
  })

  it('the worker seals a row that is appended while the worker runs', async () => {
    const deps = createDeps(console_.deps.config)
    const worker = startWorker(deps)
    const actor = randomUUID()
    await onDatabase(deps.config.databaseUrl, (client) => insert(client, actor))
    await vi.waitUntil(async () => (await db().auditUnsealed.count()) === 0, { timeout: 50_000, interval: 100 })
    await worker.stop()
    await deps.db.$disconnect()
    await expectEachSealedOnce()
  })
})

it.each([
  ['UPDATE', `UPDATE audit_seals SET audit_event_id = 0 WHERE seq = 1`],
  ['DELETE', `DELETE FROM audit_seals WHERE seq = 1`],
  ['TRUNCATE', 'TRUNCATE audit_seals'],
])('the table of seals refuses %s, as the audit trail does', async (operation, sql) => {
  await onDatabase(console_.deps.config.databaseUrl, async (client) => {
    await expect(client.query(sql)).rejects.toThrow(`audit_seals is append-only: ${operation} refused`)
  })
})
