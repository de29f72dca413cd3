import 'server-only'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Deps } from '~/server/deps'
import { listAppliedMigrations } from '~/server/health/migrations.sql'
import { jobTablesExist } from '~/server/platform/jobs.sql'

/** The migrations of this version that the database lacks. */
export async function listPending({ db }: Pick<Deps, 'db'>): Promise<string[]> {
  const applied = new Set(await listAppliedMigrations(db))
  const pending = shippedMigrations().filter((name) => !applied.has(name))
  return (await jobTablesExist(db)) ? pending : [...pending, 'graphile_worker']
}

/** The folders in prisma/migrations, relative to the directory in which the process was started. */
function shippedMigrations(): string[] {
  return readdirSync(path.resolve('prisma/migrations'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
}
