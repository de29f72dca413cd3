import 'server-only'
import { setTimeout as pause } from 'node:timers/promises'
import { parseCronItems, type Runner, run } from 'graphile-worker'
import type { Deps } from '~/server/deps'
import { jobLogger } from '~/server/worker/job-logger'
import { DUE_LOOKS, FORGET_ANSWERS, FORGET_FAILED, jobTasks, RECONCILE_PASS } from '~/server/worker/tasks'

/** Jobs of one process at a time. They wait for GitHub or Slack more than they work. */
const CONCURRENCY = 4
/**
 * In batches, even of one, the library itself tries again to record what became of a job when the database is away. Without
 * them it lets that error go as an unhandled rejection, which ends the process.
 */
const OUTLIVES_DATABASE: GraphileConfig.Preset = { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } }

/** How late a job may start that waits for its time, as a look does for the rest of a burst of webhooks. One without a time starts at once. */
const DUE_MS = 500

/** Between attempts to reach a database that is away. */
const RETRY_MS = 2_000

/** One waiting job of a schedule; one that fails is not tried again, since the next is due soon. */
const once = (jobKey: string) => ({ jobKey, maxAttempts: 1 })
const EVERY_MINUTE = '* * * * *'
const EVERY_HOUR = '17 * * * *'

/**
 * Contract.md, "Reconciler": every 60 s. The queue writes one job each time, however many replicas ask for it. Which
 * looks at repositories are due is decided every minute (domain/github/look-pace.ts); each is a job of its own.
 */
export const SCHEDULE = [
  { task: RECONCILE_PASS, match: EVERY_MINUTE, options: { ...once(RECONCILE_PASS), backfillPeriod: 0 } },
  { task: DUE_LOOKS, match: EVERY_MINUTE, options: { ...once(DUE_LOOKS), backfillPeriod: 0 } },
  { task: FORGET_FAILED, match: EVERY_HOUR, options: { ...once(FORGET_FAILED), backfillPeriod: 0 } },
  { task: FORGET_ANSWERS, match: EVERY_HOUR, options: { ...once(FORGET_ANSWERS), backfillPeriod: 0 } },
]

/**
 * Works on the queue until the signal aborts; settles when the jobs under way are done. A database that is away, now or
 * later, stops nothing: it is tried again.
 */
export async function runJobs(deps: Deps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await workOnQueue(deps, signal)
    } catch (error) {
      deps.logger.warn({ err: error }, 'the queue cannot be worked on; trying again')
    }
    await pause(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function workOnQueue(deps: Deps, signal: AbortSignal): Promise<void> {
  const runner = await run({
    connectionString: deps.config.databaseUrl,
    concurrency: CONCURRENCY,
    maxPoolSize: CONCURRENCY + 2,
    pollInterval: DUE_MS,
    // Signals are the process's matter: Next's in the server, the worker program's in a worker.
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
    // What happened while nobody looked is not made to wait for the next minute.
    else {
      await runner.addJob(RECONCILE_PASS, { afterStart: true }, once(RECONCILE_PASS))
      await runner.addJob(DUE_LOOKS, {}, once(DUE_LOOKS))
    }
    await runner.promise
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Refused when it stopped by itself in the same moment, which is as good. */
function stopOnce(runner: Runner, { logger }: Deps): Promise<void> {
  return runner.stop().catch((error) => logger.debug({ err: error }, 'the queue had stopped already'))
}
