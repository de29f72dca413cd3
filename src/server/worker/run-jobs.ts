import 'server-only'
import { setTimeout as pause } from 'node:timers/promises'
import { parseCronItems, type Runner, run } from 'graphile-worker'
import type { Deps } from '~/server/deps'
import { jobLogger } from '~/server/worker/job-tables'
import {
  DELETE_OLD_RECORDS,
  DUE_LOOKS,
  FORGET_ANSWERS,
  FORGET_FAILED,
  jobTasks,
  RECONCILE_PASS,
} from '~/server/worker/tasks'

/** Concurrent jobs per process. Jobs mostly wait for GitHub or for receivers of deliveries. */
const CONCURRENCY = 4
/**
 * With batches, even of one job, the library retries to record a finished job while the database is unavailable. Without them, the failed
 * write is an unhandled rejection, which ends the process.
 */
const OUTLIVES_DATABASE: GraphileConfig.Preset = { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } }

/** How late a job with a start time may start. A job without one starts at once. */
const DUE_MS = 500

/** The pause between attempts to reach the database. */
const RETRY_MS = 2_000

/** One waiting job per schedule. A failed job is not retried, since the next one follows soon. */
const once = (jobKey: string) => ({ jobKey, maxAttempts: 1 })
const EVERY_MINUTE = '* * * * *'
const EVERY_HOUR = '17 * * * *'
/** In UTC. A night that no worker was up for is made up for by the next start. */
const EVERY_NIGHT = '43 2 * * *'
const DAY_MS = 24 * 3_600_000

/**
 * The reconciler runs every minute (docs/contract.md, "Reconciler"). All replicas together queue one job each time. `isLookDue` decides
 * every minute which looks at repositories are due; each look is a job of its own.
 */
export const SCHEDULE = [
  { task: RECONCILE_PASS, match: EVERY_MINUTE, options: { ...once(RECONCILE_PASS), backfillPeriod: 0 } },
  { task: DUE_LOOKS, match: EVERY_MINUTE, options: { ...once(DUE_LOOKS), backfillPeriod: 0 } },
  { task: FORGET_FAILED, match: EVERY_HOUR, options: { ...once(FORGET_FAILED), backfillPeriod: 0 } },
  { task: FORGET_ANSWERS, match: EVERY_HOUR, options: { ...once(FORGET_ANSWERS), backfillPeriod: 0 } },
  { task: DELETE_OLD_RECORDS, match: EVERY_NIGHT, options: { ...once(DELETE_OLD_RECORDS), backfillPeriod: DAY_MS } },
]

/** Runs queued jobs until the signal aborts, then waits for the jobs in progress. Keeps trying while the database is unavailable. */
export async function runJobs(deps: Deps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await workOnQueue(deps, signal)
    } catch (error) {
      deps.logger.warn({ err: error }, 'queued jobs cannot be run; the worker tries again')
    }
    await pause(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function workOnQueue(deps: Deps, signal: AbortSignal): Promise<void> {
  const runner = await run({
    connectionString: deps.config.databaseDirectUrl,
    concurrency: CONCURRENCY,
    maxPoolSize: CONCURRENCY + 2,
    pollInterval: DUE_MS,
    // The process handles signals itself.
    noHandleSignals: true,
    taskList: jobTasks(deps),
    parsedCronItems: parseCronItems(SCHEDULE),
    logger: jobLogger(deps.logger),
    preset: OUTLIVES_DATABASE,
  })
  const stop = () => void stopOnce(runner, deps)
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (signal.aborted) stop()
    // Queues one look at everything at the start, to find changes that happened before it.
    else {
      await runner.addJob(RECONCILE_PASS, { afterStart: true }, once(RECONCILE_PASS))
      await runner.addJob(DUE_LOOKS, {}, once(DUE_LOOKS))
    }
    await runner.promise
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** `stop` fails when the runner has just stopped by itself. */
function stopOnce(runner: Runner, { logger }: Deps): Promise<void> {
  return runner.stop().catch((error) => logger.debug({ err: error }, 'the queue had stopped already'))
}
