import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startEmbeddedPostgres } from '~/launch/database/embedded-postgres'
import { applyMigrations } from '~/launch/database/migrations'

const migrations = path.resolve(import.meta.dirname, '../../prisma/migrations')

/** Once per run of the end-to-end tests: a sandbox database with all migrations, which the products under test start with. */
export default async function makeMigratedData(): Promise<() => void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-migrated-'))
  const postgres = path.join(directory, 'postgres')
  mkdirSync(postgres, { mode: 0o700 })
  const database = await startEmbeddedPostgres(postgres, 'sandbox', { logFile: path.join(directory, 'log') })
  await applyMigrations(database.ownerUrl, migrations)
  await database.stop()
  rmSync(path.join(postgres, 'port'))
  process.env['TEST_MIGRATED_DATA'] = postgres
  return () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
}

/** Copies that database into a data directory; leaves the directory empty if none was made. */
export function copyMigratedData(dataDir: string): void {
  const made = process.env['TEST_MIGRATED_DATA']
  // The files must belong to the account that PostgreSQL runs as.
  if (made !== undefined) execFileSync('cp', ['-a', made, path.join(dataDir, 'postgres')])
}
