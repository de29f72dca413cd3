import 'server-only'
import { setTimeout as pause } from 'node:timers/promises'
import { HEARTBEAT_MS, SILENT_AFTER_MS } from '~/domain/worker'
import { expireApprovals } from '~/server/approvals/waiting-approval'
import { sealAudit } from '~/server/audit/seal-audit'
import { countEndedDeploys } from '~/server/deploys/count-ended-deploys'
import type { Deps } from '~/server/deps'
import { recordHeartbeat } from '~/server/health/heartbeats.sql'
import { listPending } from '~/server/health/pending-migrations'
import type { Logger } from '~/server/platform/logger'
import { watchQueues } from '~/server/queue/watch-queues'
import { runProber } from '~/server/worker/prober'
import { runJobs } from '~/server/worker/run-jobs'

/** How soon the audit trail records an expired approval or queued request. */
const EXPIRY_PAUSE_MS = 15_000
/** How long an audit row may wait for its seal. */
const SEALER_PAUSE_MS = 5_000
/** How soon a worker notices that the migrations are applied. */
const PENDING_PAUSE_MS = 2_000

export interface Worker {
  /** Whether the database has recorded a heartbeat of this worker within the last minute. */
  readonly isSeen: () => boolean
  /** Starts no new job, and settles when the jobs in progress are done. */
  readonly stop: () => Promise<void>
}

/**
 * Starts all work without a request: queued jobs and their schedule, prober, sealer, expiry of approvals. Waits until the migrations of this
 * version are applied: on an older schema each query could fail, while the worker of the older version still does its work. Never throws.
 */
export function startWorker(deps: Deps): Worker {
  const stopping = new AbortController()
  const { signal } = stopping
  const processId = deps.newId()
  let seenAt = Number.NEGATIVE_INFINITY
  const beat = async () => {
    const at = performance.now()
    await recordHeartbeat(deps.db, processId, 'worker')
    seenAt = at
  }
  const work = () =>
    Promise.all([
      runJobs(deps, signal),
      runProber(deps, signal),
      repeat(deps.logger, signal, { name: 'heartbeat', pauseMs: HEARTBEAT_MS, pass: beat }),
      repeat(deps.logger, signal, { name: 'approvals', pauseMs: EXPIRY_PAUSE_MS, pass: () => expireApprovals(deps) }),
      repeat(deps.logger, signal, { name: 'queues', pauseMs: EXPIRY_PAUSE_MS, pass: () => watchQueues(deps) }),
      repeat(deps.logger, signal, {
        name: 'sealer',
        pauseMs: SEALER_PAUSE_MS,
        pass: () => sealAudit(deps, signal, undefined, (rows) => countEndedDeploys(deps, rows)),
      }),
    ])
  const running = untilMigrated(deps, signal).then(work)
  return {
    isSeen: () => performance.now() - seenAt < SILENT_AFTER_MS,
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

/** Settles when no migration is pending, or when the signal aborts. */
async function untilMigrated(deps: Deps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const pending = await listPending(deps)
      if (pending.length === 0) return
      deps.logger.warn({ pending }, 'the worker does nothing yet: migrations are pending')
    } catch (err) {
      deps.logger.warn({ err }, 'the worker does nothing yet: the database does not answer')
    }
    await pause(PENDING_PAUSE_MS, undefined, { signal }).catch(() => undefined)
  }
}

/**
 * Runs a pass again and again, `pauseMs` after the previous one ended, until the signal aborts. For work that each process does more often
 * than once a minute. Other work is a queued job.
 */
async function repeat(
  logger: Logger,
  signal: AbortSignal,
  job: { readonly name: string; readonly pauseMs: number; readonly pass: () => Promise<void> },
): Promise<void> {
  while (!signal.aborted) {
    await job
      .pass()
      .catch((error) => logger.warn({ job: job.name, err: error }, 'a pass failed; the next pass follows'))
    await pause(job.pauseMs, undefined, { signal }).catch(() => undefined)
  }
}
