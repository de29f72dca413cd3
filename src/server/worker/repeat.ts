import 'server-only'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '~/server/platform/logger'

/**
 * Runs a pass, then again `pauseMs` after it ended, until the signal aborts. Passes never overlap; a failed one is
 * logged. For what each process does for itself more often than once a minute; everything else is a job in the queue.
 */
export async function repeat(
  logger: Logger,
  signal: AbortSignal,
  job: { readonly name: string; readonly pauseMs: number; readonly pass: () => Promise<void> },
): Promise<void> {
  while (!signal.aborted) {
    await job.pass().catch((error) => logger.warn({ job: job.name, err: error }, 'a pass failed; the next one follows'))
    await pause(job.pauseMs, undefined, { signal }).catch(() => undefined)
  }
}
