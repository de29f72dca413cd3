import { runOnce } from 'graphile-worker'
import type { Deps } from '~/server/deps'
import { jobLogger } from '~/server/worker/job-tables'
import { jobTasks } from '~/server/worker/tasks'

/** Runs all jobs that are due, as the worker does, and then stops. */
export function runQueue(deps: Deps): Promise<void> {
  return runOnce({
    connectionString: deps.config.databaseUrl,
    noHandleSignals: true,
    taskList: jobTasks(deps),
    logger: jobLogger(deps.logger),
  })
}

/** The jobs in the queue, by task and key. */
export const queuedJobs = (deps: Deps) =>
  deps.db.$queryRaw<{ task: string; key: string | null; attempts: number; locked_by: string | null; runAt: Date }[]>`
    SELECT "task_identifier" AS "task", "key", "attempts"::int, "locked_by",
      "run_at" AS "runAt" FROM graphile_worker.jobs ORDER BY "id"`
