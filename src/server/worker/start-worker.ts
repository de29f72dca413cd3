import 'server-only'
import { expireApprovals } from '~/server/approvals/expire-approvals'
import { sealAudit } from '~/server/audit/seal-audit'
import type { Deps } from '~/server/deps'
import { runProber } from '~/server/worker/prober'
import { repeat } from '~/server/worker/repeat'
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
