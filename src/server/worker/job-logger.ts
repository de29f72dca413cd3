import 'server-only'
import { Logger as JobLogger } from 'graphile-worker'
import type { Logger } from '~/server/platform/logger'

/** The job library's lines in our log. What it calls info (a line or two per job) is our debug. */
export function jobLogger(logger: Logger): JobLogger {
  return new JobLogger(({ taskIdentifier, jobId }) => (level, message) => {
    const line = { client: 'graphile-worker', task: taskIdentifier, jobId }
    // The library's levels are a const enum, which stands for these words.
    const word: string = level
    if (word === 'error' || word === 'warning') logger.warn(line, message)
    else logger.debug(line, message)
  })
}
