import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { ADVISORY_LOCKS } from '~/server/platform/advisory-locks'
import { codeOf, LIMIT_WAIT, type Waiting, whenTablesAreFree } from './table-locks.ts'

const DUPLICATE_DATABASE = '42P04'
const UNIQUE_VIOLATION = '23505'
const UNDEFINED_TABLE = '42P01'
const NO_SUCH_DATABASE = '3D000'

interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

export interface MigrationState {
  readonly missing: readonly string[]
  /** Migrations whose files have changed since they were applied. */
  readonly changed: readonly string[]
}

/** Compares the migration files with Prisma's own table. */
export async function compareMigrations(url: string, directory: string): Promise<MigrationState> {
  const client = await connect(url).catch((error: unknown) => {
    if (codeOf(error) === NO_SUCH_DATABASE) return null
    throw unusable(error)
  })
  try {
    return compare(shippedMigrations(directory), client === null ? new Map() : await appliedChecksums(client))
  } finally {
    void client?.end().catch(() => undefined)
  }
}

/**
 * Applies the missing migrations in order, and creates the database if it does not exist. Each migration is one transaction
 * with its record, so a killed process leaves all of it or nothing. Any number of processes may do this at once (docs/adr/049).
 * Returns the migrations that this call applied.
 */
export async function applyMigrations(url: string, directory: string, waiting: Waiting = {}): Promise<MigrationState> {
  const { signal } = waiting
  const shipped = shippedMigrations(directory)
  const client = await connectOrCreate(url)
  // PostgreSQL rolls back the transaction of a closed connection.
  const close = () => void client.end().catch(() => undefined)
  signal?.addEventListener('abort', close, { once: true })
  try {
    const { missing, changed } = compare(shipped, await appliedChecksums(client))
    const applied: string[] = []
    for (const migration of shipped.filter(({ name }) => missing.includes(name))) {
      if (await whenTablesAreFree(() => tryMigration(client, migration), waiting)) applied.push(migration.name)
    }
    return { missing: applied, changed }
  } finally {
    signal?.removeEventListener('abort', close)
    close()
  }
}

/** False if another process has applied it. */
async function tryMigration(client: pg.Client, { name, sql, checksum }: Migration): Promise<boolean> {
  await client.query('BEGIN')
  try {
    // PostgreSQL ends the transaction of a process that vanished, so that other starts do not wait for it.
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = '30s'`)
    await client.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCKS.migrations])
    await client.query(LIMIT_WAIT)
    await createRecords(client)
    const { rows } = await client.query<{ finished: boolean }>(
      `SELECT finished_at IS NOT NULL AS finished FROM _prisma_migrations
       WHERE migration_name = $1 AND rolled_back_at IS NULL`,
      [name],
    )
    const isMissing = rows.length === 0
    if (rows.some(({ finished }) => !finished)) throw new Error(unfinished(name))
    if (isMissing) {
      await client.query(sql).catch((error: unknown) => {
        throw new Error(failed(name, sql, error), { cause: error })
      })
      await client.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
         VALUES ($1, $2, $3, clock_timestamp(), 1)`,
        [randomUUID(), checksum, name],
      )
    }
    await client.query('COMMIT')
    return isMissing
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/** Prisma's table, in Prisma's words. Refuses a database that holds tables of another program; those of extensions do not count. */
async function createRecords(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ present: boolean; used: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS present,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm')
                 AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid
                                 AND deptype = 'e')) AS used`,
  )
  if (rows[0]?.present === true) return
  if (rows[0]?.used === true) {
    throw new Error(
      'The database holds tables of another program. Nothing was changed. Set DATABASE_URL to an empty database.',
    )
  }
  await client.query(`CREATE TABLE _prisma_migrations (
    id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`)
}

function shippedMigrations(directory: string): Migration[] {
  return readdirSync(directory, { withFileTypes: true })
    .map(({ name }) => ({ name, file: path.join(directory, name, 'migration.sql') }))
    .filter(({ file }) => existsSync(file))
    .map(({ name, file }) => ({ name, sql: readFileSync(file, 'utf8'), checksum: sha256(readFileSync(file)) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

const compare = (shipped: readonly Migration[], applied: ReadonlyMap<string, string>): MigrationState => ({
  missing: shipped.filter(({ name }) => !applied.has(name)).map(({ name }) => name),
  changed: shipped
    .filter(({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum)
    .map(({ name }) => name),
})

/** Checksums by name. Empty before the first migration. */
async function appliedChecksums(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  try {
    const { rows } = await client.query<{ name: string; checksum: string }>(
      `SELECT migration_name AS name, checksum FROM _prisma_migrations
       WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
    )
    return new Map(rows.map((row) => [row.name, row.checksum]))
  } catch (error) {
    if (codeOf(error) === UNDEFINED_TABLE) return new Map()
    throw unusable(error)
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function connectOrCreate(url: string): Promise<pg.Client> {
  try {
    return await connect(url).catch(async (error: unknown) => {
      if (codeOf(error) !== NO_SUCH_DATABASE) throw error
      await createDatabase(url)
      return await connect(url)
    })
  } catch (error) {
    throw unusable(error)
  }
}

async function createDatabase(url: string): Promise<void> {
  const server = new URL(url)
  const name = decodeURIComponent(server.pathname.slice(1))
  server.pathname = '/postgres'
  const client = await connect(server.href)
  try {
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`)
  } catch (error) {
    // Another process creates the database at the same time.
    if (![DUPLICATE_DATABASE, UNIQUE_VIOLATION].includes(codeOf(error) ?? '')) throw error
  } finally {
    void client.end().catch(() => undefined)
  }
}

const unusable = (error: unknown): Error =>
  new Error(`The database cannot be used: ${textOf(error)}. Nothing was changed. Check DATABASE_URL.`)

const unfinished = (name: string): string =>
  `Prisma's CLI started migration ${name} and did not record its end. Nothing was changed. ` +
  'See whether the database holds what the migration makes, then run "npx prisma migrate resolve" with --applied or --rolled-back.'

function failed(name: string, sql: string, error: unknown): string {
  const { detail, hint, position } = error instanceof pg.DatabaseError ? error : {}
  const line = position === undefined ? '' : `, line ${sql.slice(0, Number(position)).split('\n').length}`
  const details = [detail, hint].filter((text) => text !== undefined).map((text) => `\n  ${text}`)
  return (
    `Migration ${name} failed${line}: ${textOf(error)} (SQLSTATE ${codeOf(error) ?? 'unknown'}). ` +
    `Nothing of it was kept. The migrations before it are applied.${details.join('')}`
  )
}

const textOf = (error: unknown) => (error instanceof Error ? error.message || codeOf(error) : String(error))

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')
