import { EventEmitter } from 'node:events'
import { runOnce, type WorkerEvents } from 'graphile-worker'
import pg from 'pg'
import type { Deps } from '~/server/deps'
import { jobLogger } from '~/server/worker/job-tables'
import { jobTasks } from '~/server/worker/tasks'

/** Runs all jobs that are due, as the worker does, and then stops. */
export async function runQueue(deps: Deps): Promise<void> {
  const events: WorkerEvents = new EventEmitter()
  const pools: string[] = []
  events.on('pool:create', ({ workerPool }) => pools.push(workerPool.id))
  const pgPool = new pg.Pool({ connectionString: deps.config.databaseUrl })
  // A test drops its database while the last connection closes. The library wants handlers on both.
  const ignore = () => undefined
  pgPool.on('error', ignore)
  pgPool.on('connect', (client) => client.on('error', ignore))
  await runOnce({ pgPool, events, noHandleSignals: true, taskList: jobTasks(deps), logger: jobLogger(deps.logger) })
  // The library does not wait until the end of its last job is stored.
  const isStoring = async () =>
    (
      await deps.db.$queryRaw<[{ locked: boolean }]>`
        SELECT EXISTS (SELECT FROM graphile_worker._private_jobs WHERE locked_by = ANY(${pools})) AS locked`
    )[0].locked
  while (await isStoring()) {}
  await pgPool.end()
}

/** The jobs in the queue, by task and key. */
export const queuedJobs = (deps: Deps) =>
  deps.db.$queryRaw<{ task: string; key: string | null; attempts: number; locked_by: string | null; runAt: Date }[]>`
    SELECT "task_identifier" AS "task", "key", "attempts"::int, "locked_by",
      "run_at" AS "runAt" FROM graphile_worker.jobs ORDER BY "id"`
