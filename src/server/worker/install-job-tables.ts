import 'server-only'
import { runMigrations } from 'graphile-worker'
import type { Logger } from '~/server/platform/logger'
import { jobLogger } from '~/server/worker/job-logger'

/**
 * Brings the job library's own schema, `graphile_worker`, to the version this code needs. It has migrations of its own,
 * in a schema of its own, of which Prisma knows nothing. Safe to run by several processes at once, and again.
 */
export function installJobTables(databaseUrl: string, logger: Logger): Promise<void> {
  return runMigrations({ connectionString: databaseUrl, logger: jobLogger(logger) })
}
