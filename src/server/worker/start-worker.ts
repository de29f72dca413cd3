import 'server-only'
import { setTimeout as pause } from 'node:timers/promises'
import { expireApprovals } from '~/server/approvals/waiting-approval'
import { sealAudit } from '~/server/audit/seal-audit'
import type { Deps } from '~/server/deps'
import type { Logger } from '~/server/platform/logger'
import { runProber } from '~/server/worker/prober'
import { runJobs } from '~/server/worker/run-jobs'

/** An approval is over when its time is up; this is how soon the trail says so. */
const EXPIRY_PAUSE_MS = 15_000
/** How long a row of the trail may wait for its seal; a look at an empty list costs nothing to speak of. */
const SEALER_PAUSE_MS = 5_000

export interface Worker {
  /** Takes no new job, and settles when those under way are done. */
  readonly stop: () => Promise<void>
}

/**
 * Starts all that happens without a request: the queue with its schedule, the prober, the sealer, the end of approvals
 * nobody answered. Never throws.
 */
export function startWorker(deps: Deps): Worker {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = Promise.all([
    runJobs(deps, signal),
    runProber(deps, signal),
    repeat(deps.logger, signal, { name: 'approvals', pauseMs: EXPIRY_PAUSE_MS, pass: () => expireApprovals(deps) }),
    repeat(deps.logger, signal, { name: 'sealer', pauseMs: SEALER_PAUSE_MS, pass: () => sealAudit(deps, signal) }),
  ])
  return {
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

/**
 * Runs a pass, then again `pauseMs` after it ended, until the signal aborts. Passes never overlap; a failed one is
 * logged. For what each process does for itself more often than once a minute; everything else is a job in the queue.
 */
async function repeat(
  logger: Logger,
  signal: AbortSignal,
  job: { readonly name: string; readonly pauseMs: number; readonly pass: () => Promise<void> },
): Promise<void> {
  while (!signal.aborted) {
    await job.pass().catch((error) => logger.warn({ job: job.name, err: error }, 'a pass failed; the next one follows'))
    await pause(job.pauseMs, undefined, { signal }).catch(() => undefined)
  }
}
