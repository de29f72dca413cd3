import 'server-only'
import type { Deps } from '~/server/deps'
import { probeDueSurfaces } from '~/server/worker/prober'
import { repeat } from '~/server/worker/repeat'
import { runJobs } from '~/server/worker/run-jobs'

const PROBER_PAUSE_MS = 3_000

export interface Worker {
  /** Takes no new job, and settles when those under way are done. */
  readonly stop: () => Promise<void>
}

/** Starts all that happens without a request: the queue with its schedule, and the prober. Never throws. */
export function startWorker(deps: Deps): Worker {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = Promise.all([
    runJobs(deps, signal),
    repeat(deps.logger, signal, { name: 'prober', pauseMs: PROBER_PAUSE_MS, pass: () => probeDueSurfaces(deps) }),
  ])
  return {
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}
