import 'server-only'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Deps } from '~/server/deps'
import { listAppliedMigrations } from '~/server/health/migrations.sql'
import { jobTablesExist } from '~/server/platform/jobs.sql'

export interface Readiness {
  readonly ready: boolean
  readonly database: 'reachable' | 'unreachable'
  readonly migrations: 'applied' | 'pending' | 'unknown'
}

/** Ready: the database answers, and all migrations of this version are applied. */
export async function checkReadiness(deps: Pick<Deps, 'db' | 'logger'>): Promise<Readiness> {
  try {
    const applied = new Set(await listAppliedMigrations(deps.db))
    const pending = shippedMigrations().filter((name) => !applied.has(name))
    if (!(await jobTablesExist(deps.db))) pending.push('graphile_worker')
    if (pending.length > 0) deps.logger.warn({ pending }, 'migrations are pending')
    return {
      ready: pending.length === 0,
      database: 'reachable',
      migrations: pending.length === 0 ? 'applied' : 'pending',
    }
  } catch (error) {
    deps.logger.warn({ err: error }, 'not ready: the database does not answer')
    return { ready: false, database: 'unreachable', migrations: 'unknown' }
  }
}

/** The folders in prisma/migrations, relative to the directory in which the server was started. */
function shippedMigrations(): string[] {
  return readdirSync(path.resolve('prisma/migrations'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
}
