import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installJobTablesOf } from '~/launch/database/database-schema'
import { applyMigrations, compareMigrations } from '~/launch/database/migrations'
import { createEmptyTestDatabase, type TestDatabase } from '~test/support/database'
import { onDatabase } from '~test/support/migrated-template'

const shipped = path.resolve(import.meta.dirname, '../../../prisma/migrations')
const AWAITED = 4_711

let database: TestDatabase
let directory: string
beforeEach(async () => {
  database = await createEmptyTestDatabase()
  directory = mkdtempSync(path.join(tmpdir(), 'apply-migrations-'))
})
afterEach(async () => {
  await database.drop()
  rmSync(directory, { recursive: true, force: true })
})

const write = (name: string, sql: string) => {
  mkdirSync(path.join(directory, name), { recursive: true })
  writeFileSync(path.join(directory, name, 'migration.sql'), sql)
}

async function query(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  let rows: Record<string, unknown>[] = []
  await onDatabase(database.url, async (client) => {
    rows = (await client.query<Record<string, unknown>>(sql, values)).rows
  })
  return rows
}
const recorded = async () =>
  (await query('SELECT migration_name FROM _prisma_migrations ORDER BY started_at')).map((row) => row['migration_name'])
const exists = async (table: string) =>
  (await query('SELECT to_regclass($1) IS NOT NULL AS present', [table]))[0]?.['present']

describe('applying migrations', () => {
  it('applies each migration once and in order if four processes start at once on an empty database', async () => {
    const migrate = async () => {
      const { missing } = await applyMigrations(database.url, shipped)
      await installJobTablesOf(database.url, 'silent')
      return missing
    }
    const applied = await Promise.all([migrate(), migrate(), migrate(), migrate()])
    const names = await recorded()
    expect(applied.flat().sort()).toEqual(names)
    expect(names).toEqual([...names].sort())
    expect(await compareMigrations(database.url, shipped)).toEqual({ missing: [], changed: [] })
  })

  it('leaves nothing of a migration whose process dies half-way, and applies it at the next start', async () => {
    write('1_first', 'CREATE TABLE first (id int);')
    write(
      '2_half',
      `CREATE TABLE half (id int); SELECT pg_advisory_xact_lock(${AWAITED}); CREATE TABLE whole (id int);`,
    )
    await onDatabase(database.url, async (holder) => {
      await holder.query('SELECT pg_advisory_lock($1)', [AWAITED])
      const dying = expect(applyMigrations(database.url, directory)).rejects.toThrow()
      await untilWaiting(holder)
      await holder.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks
         WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      )
      await dying
    })
    expect(await recorded()).toEqual(['1_first'])
    expect(await exists('half')).toBe(false)

    expect(await applyMigrations(database.url, directory)).toEqual({ missing: ['2_half'], changed: [] })
    expect(await exists('whole')).toBe(true)
  })

  it('names the migration, the line and the cause of a failure, keeps nothing of it, and keeps those before', async () => {
    write('1_good', 'CREATE TABLE good (id int);')
    write('2_bad', 'CREATE TABLE bad (id int);\nSELECT 1;\nSELCT 2;\n')
    await expect(applyMigrations(database.url, directory)).rejects.toThrow(
      'Migration 2_bad failed, line 3: syntax error at or near "SELCT" (SQLSTATE 42601). Nothing of it was kept.',
    )
    expect(await recorded()).toEqual(['1_good'])
    expect(await exists('bad')).toBe(false)
  })

  it('refuses to guess about a migration whose end Prisma did not record', async () => {
    write('1_unknown', 'CREATE TABLE unknown (id int);')
    await applyMigrations(database.url, directory)
    await query('UPDATE _prisma_migrations SET finished_at = NULL')
    await expect(applyMigrations(database.url, directory)).rejects.toThrow(/1_unknown and did not record its end/)
    await query('UPDATE _prisma_migrations SET rolled_back_at = now()')
    await query('DROP TABLE unknown')
    expect((await applyMigrations(database.url, directory)).missing).toEqual(['1_unknown'])
  })

  it('refuses a database that holds tables of another program', async () => {
    await query('CREATE TABLE somebody_elses (id int)')
    await expect(applyMigrations(database.url, shipped)).rejects.toThrow(/tables of another program. Nothing was/)
    expect(await exists('_prisma_migrations')).toBe(false)
  })

  it('accepts an empty database in which an extension has a view, as managed PostgreSQL often does', async () => {
    write('1_first', 'CREATE TABLE first (id int);')
    await query('CREATE EXTENSION pg_stat_statements')
    expect((await applyMigrations(database.url, directory)).missing).toEqual(['1_first'])
  })

  it('lets other queries of a table go on while another transaction holds it, and then goes on itself', async () => {
    write('1_first', 'CREATE TABLE first (id int);')
    await applyMigrations(database.url, directory)
    write('2_second', 'ALTER TABLE first ADD COLUMN name text;')
    await onDatabase(database.url, async (holder) => {
      await holder.query('BEGIN')
      await holder.query('SELECT FROM first')
      const migrated = applyMigrations(database.url, directory)
      const isWaiting = `SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
      while ((await holder.query(isWaiting)).rowCount === 0);
      // Waits behind the migration, until the migration steps back.
      expect(await query('SELECT count(*)::int AS count FROM first')).toEqual([{ count: 0 }])
      await holder.query('COMMIT')
      expect((await migrated).missing).toEqual(['2_second'])
    })
  })

  it('creates the database if it does not exist, also if two processes start at once', async () => {
    write('1_first', 'CREATE TABLE first (id int);')
    await database.drop()
    const applied = await Promise.all([1, 2].map(() => applyMigrations(database.url, directory)))
    expect(applied.flatMap(({ missing }) => missing)).toEqual(['1_first'])
  })

  it('no shipped migration ends its transaction, or contains what PostgreSQL refuses inside one', () => {
    const outside =
      /^\s*(COMMIT|ROLLBACK|END|START TRANSACTION|BEGIN)\s*;|CONCURRENTLY|^\s*(VACUUM|CREATE DATABASE|ALTER SYSTEM)\b/im
    expect('SELECT 1;\nCOMMIT;').toMatch(outside)
    for (const name of readdirSync(shipped).filter((entry) => !entry.includes('.'))) {
      const sql = readFileSync(path.join(shipped, name, 'migration.sql'), 'utf8')
      expect(sql.replaceAll(/\$\$[\s\S]*?\$\$|--.*$/gm, ''), name).not.toMatch(outside)
    }
  })

  it('stops when the start is cancelled, and leaves nothing of the migration in progress', async () => {
    write('1_long', `CREATE TABLE long (id int); SELECT pg_advisory_xact_lock(${AWAITED})`)
    const cancelled = new AbortController()
    await onDatabase(database.url, async (holder) => {
      await holder.query('SELECT pg_advisory_lock($1)', [AWAITED])
      const stopped = expect(applyMigrations(database.url, directory, { signal: cancelled.signal })).rejects.toThrow()
      await untilWaiting(holder)
      cancelled.abort()
      await stopped
    })
    expect((await applyMigrations(database.url, directory)).missing).toEqual(['1_long'])
  })
})

/** Until the migration waits for the lock that the holder has. */
async function untilWaiting(holder: pg.Client): Promise<void> {
  const sql = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = $1`
  while ((await holder.query(sql, [AWAITED])).rowCount === 0);
}
