import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { fingerprint } from '../build/fingerprint.ts'
import { schemaEngine } from '../build/programs.ts'
import { runTool } from '../machine/supervised-process.ts'

interface PrismaRun {
  readonly projectDirectory: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** Generates the Prisma client if the schema has changed. Returns whether it has. */
export async function generateClient(run: PrismaRun): Promise<boolean> {
  const generated = path.join(run.projectDirectory, 'src/server/platform/generated')
  const mark = path.join(generated, '.made-from')
  const wanted = fingerprint(run.projectDirectory, ['prisma/schema.prisma', 'node_modules/prisma/package.json'], [])
  const fits =
    existsSync(mark) && existsSync(path.join(generated, 'client.ts')) && readFileSync(mark, 'utf8') === wanted
  if (fits) return false
  await prisma(['generate'], run)
  writeFileSync(mark, wanted)
  return true
}

interface MigrationState {
  readonly missing: readonly string[]
  /** Migrations whose files have changed since they were applied. */
  readonly changed: readonly string[]
}

/** Applies the missing migrations. Reading Prisma's own table first is cheaper than starting Prisma for nothing. */
export async function applyMigrations(url: string, run: PrismaRun): Promise<MigrationState> {
  const state = await compareMigrations(url, path.join(run.projectDirectory, 'prisma/migrations'))
  if (state.missing.length > 0) await prisma(['migrate', 'deploy'], { ...run, env: { ...run.env, DATABASE_URL: url } })
  return state
}

/** The job library has its own tables, in its own schema. */
export async function installJobTablesOf(url: string, logLevel: string): Promise<void> {
  const { createLogger } = await import('~/server/platform/logger')
  const { installJobTables } = await import('~/server/worker/job-tables')
  await installJobTables(url, createLogger(logLevel))
}

function prisma(args: readonly string[], { projectDirectory, env, signal }: PrismaRun): Promise<void> {
  const cli = path.join(projectDirectory, 'node_modules/prisma/build/index.js')
  const quiet = { CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' }
  const engine = { PRISMA_SCHEMA_ENGINE_BINARY: schemaEngine(projectDirectory) }
  return runTool(`prisma ${args.join(' ')}`, {
    args: [cli, ...args],
    cwd: projectDirectory,
    env: { ...engine, ...env, ...quiet },
    signal,
  })
}

/** Compares the migration files with Prisma's own table. */
export async function compareMigrations(url: string, directory: string): Promise<MigrationState> {
  const applied = await appliedChecksums(url)
  const fileOf = (name: string) => path.join(directory, name, 'migration.sql')
  const shipped = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(fileOf(entry.name)))
    .map((entry) => entry.name)
  return {
    missing: shipped.filter((name) => !applied.has(name)),
    changed: shipped.filter((name) => applied.has(name) && applied.get(name) !== sha256(readFileSync(fileOf(name)))),
  }
}

/** Checksums by name. Empty if the table or the database does not exist; `migrate deploy` then creates it. */
async function appliedChecksums(url: string): Promise<ReadonlyMap<string, string>> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ name: string; checksum: string }>(
      `SELECT migration_name AS name, checksum FROM _prisma_migrations
       WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
    )
    return new Map(rows.map((row) => [row.name, row.checksum]))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === '42P01' || code === '3D000') return new Map() // undefined_table, invalid_catalog_name
    throw new Error(
      `The database cannot be used: ${error instanceof Error ? error.message : error}. Nothing was changed. Check DATABASE_URL.`,
    )
  } finally {
    void client.end().catch(() => undefined)
  }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
