import 'server-only'
import type { Logger } from '~/server/logger'

/** Runs a pass, then again `pauseMs` after it ended, for as long as the process lives. Passes never overlap; a failed one is logged. */
export function repeat(
  logger: Logger,
  job: { readonly name: string; readonly pauseMs: number; readonly pass: () => Promise<void> },
): void {
  const run = async () => {
    await job.pass().catch((error) => logger.warn({ job: job.name, err: error }, 'a pass failed; the next one follows'))
    setTimeout(() => void run(), job.pauseMs)
  }
  void run()
}
