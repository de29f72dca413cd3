import 'server-only'
import { Logger as JobLogger, runMigrations } from 'graphile-worker'
import type { Logger } from '~/server/platform/logger'

/**
 * Runs the job library's own migrations in its schema `graphile_worker`, which Prisma does not manage. Several processes may run them at
 * the same time, and again.
 */
export function installJobTables(databaseUrl: string, logger: Logger): Promise<void> {
  return runMigrations({ connectionString: databaseUrl, logger: jobLogger(logger) })
}

/**
 * Writes the job library's lines to the console's log. Its info lines (one or two per job) become debug lines. The library appends the
 * stack to the message of a failed job; the logger decides whether the stack is of use.
 */
export function jobLogger(logger: Logger): JobLogger {
  return new JobLogger(({ taskIdentifier, jobId }) => (level, message, meta) => {
    const line = { client: 'graphile-worker', task: taskIdentifier, jobId }
    // The library's levels are a const enum with these values.
    const word: string = level
    const err = meta?.['error']
    if (err !== undefined) logger.warn({ ...line, err }, message.split('\n')[0])
    else if (word === 'error' || word === 'warning') logger.warn(line, message)
    else logger.debug(line, message)
  })
}
