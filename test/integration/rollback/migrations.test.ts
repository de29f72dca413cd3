import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEPLOY_STATUSES, isTerminal } from '~/domain/deploy/status'
import { createEmptyTestDatabase, type TestDatabase } from '~test/support/database'

const directory = path.resolve(import.meta.dirname, '../../../prisma/migrations')
const migrations = readdirSync(directory, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()
const sqlOf = (migration: string, file: 'migration.sql' | 'rollback.sql') =>
  readFileSync(path.join(directory, migration, file), 'utf8')

/** Everything that a schema consists of, as comparable text. */
const SCHEMA = `
  SELECT format('column %s.%s %s%s %s', table_name, column_name, data_type,
    CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END, column_default) AS part
  FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger AS t WHERE NOT tgisinternal
  UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  ORDER BY part`

describe('every migration', () => {
  let database: TestDatabase
  let client: pg.Client
  /** The schema before each migration. */
  const below = new Map<string, readonly string[]>()
  beforeAll(async () => {
    database = await createEmptyTestDatabase()
    client = new pg.Client({ connectionString: database.url })
    await client.connect()
  })
  afterAll(async () => {
    await client.end()
    await database.drop()
  })

  const schema = async () => (await client.query<{ part: string }>(SCHEMA)).rows.map(({ part }) => part)
  const count = async (table: string) => Number((await client.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n)
  const applyAll = async () => {
    for (const migration of migrations) {
      below.set(migration, await schema())
      await client.query(sqlOf(migration, 'migration.sql'))
    }
  }
  const HISTORY = ['console_deploys', 'deploy_log_lines', 'callback_receipts', 'audit_events'] as const
  const history = async () => {
    const counts: number[] = []
    for (const table of HISTORY) counts.push(await count(table))
    return counts
  }

  it('every migration has a rollback', () => {
    for (const migration of migrations) expect(() => sqlOf(migration, 'rollback.sql'), migration).not.toThrow()
  })

  it('every rollback, newest first, restores the schema before its migration, keeps history up to the first one, and leaves no frozen surface open', async () => {
    await applyAll()
    await insertDeployAtEveryStatus(client)
    const before = await history()
    for (const migration of migrations.toReversed()) {
      // Each of the four deploys at a gate has one more audit event, which names the gate, and so has each of two queued requests.
      if (migration === migrations[0]) expect(await history()).toEqual(before.with(3, (before[3] ?? 0) + 4 + 2))
      const rollback = sqlOf(migration, 'rollback.sql')
      if (migration.endsWith('_gate_statuses')) await expectGatesFail(client, rollback)
      else if (migration.endsWith('_windows')) await expectSurfacesStayRefused(client, rollback)
      else if (migration.endsWith('_queue_of_a_person')) await expectQueuedAreAudited(client, rollback, ['ada'])
      else if (migration.endsWith('_queue')) await expectQueuedAreAudited(client, rollback, ['token:ci'])
      else await client.query(rollback)
      if (migration.endsWith('_status_transitions')) await expectEndsAreMended(client, migration)
      expect(await schema(), migration).toEqual(below.get(migration))
    }
  })

  it('every migration can be applied again, keeps all earlier columns, and adds only columns that older code may leave out', async () => {
    await applyAll()
    const schemas = [...migrations.map((migration) => below.get(migration) ?? []), await schema()]
    for (const [index, migration] of migrations.entries()) {
      const [before, after] = [columnsOf(schemas[index] ?? []), columnsOf(schemas[index + 1] ?? [])]
      expect(after, migration).toEqual(expect.arrayContaining(before))
      const tables = new Set(before.map(tableOf))
      const added = after.filter((column) => !before.includes(column) && tables.has(tableOf(column)))
      expect(
        added.filter((column) => column.endsWith('not null ')),
        `${migration}: without a default`,
      ).toEqual([])
    }
    await insertDeployAtEveryStatus(client)
    expect(await count('console_deploys')).toBe(DEPLOY_STATUSES.length)
  })
})

const columnsOf = (parts: readonly string[]) => parts.filter((part) => part.startsWith('column '))
const tableOf = (column: string) => /^column (\w+)\./.exec(column)?.[1]

/** Inserts a deploy for each status, with a log line, a receipt and an audit event. */
async function insertDeployAtEveryStatus(client: pg.Client): Promise<void> {
  for (const [index, status] of DEPLOY_STATUSES.entries()) {
    const id = `01900000-0000-7000-8000-${String(index).padStart(12, '0')}`
    await client.query(
      `INSERT INTO surfaces (id, name, environment, repository, workflow, ref, url, health_url, confirm, timeout_minutes, position)
       VALUES ($1, $1, 'production', 'acme/platform', 'deploy.yml', 'main', 'http://x', 'http://x', $1, 30, 1)`,
      [status],
    )
    await client.query(
      `INSERT INTO console_deploys (id, surface_id, environment, repository, workflow, ref, workflow_ref, status, requested_by,
         idempotency_key, request_digest, phase_callbacks, log_count, requested_at_utc, last_event_at_utc, finished_at_utc)
       VALUES ($1, $2, 'production', 'acme/platform', 'deploy.yml', 'main', 'main', $2, 'operator', $2, 'd', true, 1, now(), now(),
         CASE WHEN $3 THEN now() END)`,
      [id, status, isTerminal(status)],
    )
    await client.query('UPDATE surfaces SET last_deploy_id = $1 WHERE id = $2', [id, status])
    await client.query(`INSERT INTO deploy_log_lines (deploy_id, seq, line, at_utc) VALUES ($1, 1, 'kept', now())`, [
      id,
    ])
    await client.query(
      `INSERT INTO callback_receipts (webhook_id, deploy_id, status, outcome, received_at_utc) VALUES ($1, $2, $1, 'applied', now())`,
      [status, id],
    )
    await client.query(
      `INSERT INTO audit_events (at_utc, actor, action, deploy_id, surface_id, status, payload)
       VALUES (now(), 'workflow', 'console.deploy.callback', $1, $2, $2, '{}')`,
      [id, status],
    )
  }
}

/** Expects the migration to give ended deploys without an end time that of their last event. Rolls the migration back again. */
async function expectEndsAreMended(client: pg.Client, migration: string): Promise<void> {
  const timeless = await client.query(
    'UPDATE console_deploys SET finished_at_utc = NULL WHERE finished_at_utc IS NOT NULL',
  )
  await client.query(sqlOf(migration, 'migration.sql'))
  const mended = await client.query('SELECT FROM console_deploys WHERE finished_at_utc = last_event_at_utc')
  expect([timeless.rowCount, mended.rowCount]).toEqual([4, 4])
  await client.query(sqlOf(migration, 'rollback.sql'))
}

/** Expects the rollback of windows to keep, for each surface, the lock in force, or else what starts first, without an end. */
async function expectSurfacesStayRefused(client: pg.Client, rollback: string): Promise<void> {
  await client.query(
    `INSERT INTO freezes (id, kind, surface_id, reason, starts_at_utc, ends_at_utc, created_by, created_at_utc)
     SELECT gen_random_uuid(), kind, surface_id, reason, now() + starts * interval '1 day', now() + ends * interval '1 day', 'ada', now()
     FROM (VALUES ('lock', 'building', 'locked', 0, NULL), ('freeze', 'building', 'since last week', -7, NULL),
       ('freeze', 'building', 'next week', 7, NULL), ('freeze', 'deploying', 'next week', 7, 8),
       ('freeze', 'deploying', 'tomorrow', 1, 2), ('freeze', 'deploying', 'until yesterday', -2, -1),
       ('notice', 'failed', 'noticed', 0, NULL)) AS made (kind, surface_id, reason, starts, ends)`,
  )
  await client.query(rollback)
  const open = await client.query(
    'SELECT surface_id, reason, ends_at_utc FROM freezes WHERE lifted_at_utc IS NULL ORDER BY surface_id',
  )
  expect(open.rows).toEqual([
    { surface_id: 'building', reason: 'locked', ends_at_utc: null },
    { surface_id: 'deploying', reason: 'tomorrow', ends_at_utc: null },
  ])
  await client.query('DELETE FROM freezes')
}

/** Expects the rollback to end the waiting requests of these people, and to audit each end. */
async function expectQueuedAreAudited(client: pg.Client, rollback: string, ended: readonly string[]): Promise<void> {
  const who = ['ada', 'token:ci']
  const present = await client.query(`SELECT FROM queued_requests`)
  if (present.rowCount === 0) {
    for (const [index, by] of who.entries()) {
      await client.query(
        `INSERT INTO queued_requests (id, surface_id, environment, kind, ref, sha, asked_inputs, confirmation, declaration_digest, workflow_ref,
           requested_by, requested_by_user_id, requested_via, requested_at_utc, expires_at_utc, idempotency_key, request_digest)
         VALUES ($1, 'building', 'production', 'deploy', 'main', 'sha', '{}', 'building', 'd', 'main', $2, $1, 'session', now(),
           now() + interval '1 hour', $2, 'd')`,
        [`01910000-0000-7000-8000-${String(index).padStart(12, '0')}`, by],
      )
    }
  }
  const audited = `SELECT payload->>'requested_by' AS by, payload->>'user_id' IS NOT NULL AS owned, actor, surface_id FROM audit_events
    WHERE action = 'console.queue.rolled_back' ORDER BY id`
  const before = (await client.query(audited)).rows
  await client.query(rollback)
  const rows = ended.map((by) => ({ by, owned: by.startsWith('token:'), actor: 'rollback', surface_id: 'building' }))
  expect((await client.query(audited)).rows).toEqual([...before, ...rows])
}

/** Expects the rollback of the gates to fail deploys at a gate, blame no stage, and audit where each stood. */
async function expectGatesFail(client: pg.Client, rollback: string): Promise<void> {
  const AT_A_GATE = ['freeze_check_passed', 'freeze_check_started', 'smoke_gate_passed', 'smoke_gate_started']
  const others = `SELECT id, status FROM console_deploys WHERE surface_id <> ALL ($1) ORDER BY id`
  const before = await client.query(others, [AT_A_GATE])
  await client.query(rollback)
  const deploys = await client.query(
    `SELECT surface_id, status, failure_stage, failure_detail, finished_at_utc IS NOT NULL AS finished
     FROM console_deploys WHERE surface_id = ANY ($1) ORDER BY surface_id`,
    [AT_A_GATE],
  )
  const failed = { status: 'failed', failure_stage: null, finished: true }
  expect(deploys.rows).toEqual(
    AT_A_GATE.map((gate) => ({ ...failed, surface_id: gate, failure_detail: expect.stringContaining(`"${gate}"`) })),
  )
  const trail = await client.query(
    `SELECT surface_id, status, payload->>'from' AS stood_at FROM audit_events
     WHERE action = 'console.deploy.rolled_back' ORDER BY surface_id`,
  )
  expect(trail.rows).toEqual(AT_A_GATE.map((gate) => ({ surface_id: gate, status: 'failed', stood_at: gate })))
  expect((await client.query(others, [AT_A_GATE])).rows).toEqual(before.rows)
}
