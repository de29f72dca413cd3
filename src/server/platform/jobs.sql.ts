import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'

/** The queued jobs, by task. Payloads are stored, so a newer version must be able to read an older payload. */
export type Job =
  | {
      /**
       * `reconcile_deploy` compares a deploy with GitHub's record. `read_failed_log` reads the log of its failed job.
       * `report_deployment` shows the deploy among GitHub's deployments. `start_armed_rollback` rolls back from it. `read_commit_time` reads
       * when its commit was made. `notify_outcome` was queued by older versions.
       */
      readonly task:
        | 'reconcile_deploy'
        | 'read_failed_log'
        | 'report_deployment'
        | 'start_armed_rollback'
        | 'read_commit_time'
        | 'notify_outcome'
      readonly payload: { readonly deployId: string }
    }
  | {
      /** Dispatches the request that waits first at a surface. */
      readonly task: 'take_turn'
      readonly payload: { readonly surfaceId: string }
    }
  | {
      /** `deliver_unhealthy`: a task of its own, which versions that know only the end of a deploy leave alone. */
      readonly task: 'deliver' | 'deliver_unhealthy'
      readonly payload: { readonly deliveryId: string }
    }
  | {
      /**
       * Reads from one repository, named in lower case: outside runs, the default refs, the commits of reported versions, or the variable
       * DEPLOY_FREEZE. `measure_distance` measures the drift; it keeps the name under which older versions queued it.
       */
      readonly task: 'find_outside_runs' | 'measure_distance' | 'resolve_versions' | 'read_deploy_freeze'
      readonly payload: { readonly repository: string }
    }

interface JobOptions {
  /** The earliest start. Without it, the job starts at once. */
  readonly runAt?: Date
  readonly maxAttempts?: number
  /** Keeps the start time of a waiting job with the same key, so that repeated calls do not postpone it. */
  readonly keepRunAt?: boolean
  /** Runs after jobs that a person waits for. */
  readonly lowPriority?: boolean
}

const LATER_PRIORITY = 10

/**
 * Queues a job in the caller's transaction, so that the job exists exactly if the change was committed. A waiting job of the
 * same task and subject is replaced; a running one is not, because it may have read older data. Looks at one repository run one
 * after the other: two at once could record the older answer last.
 */
export async function addJob(tx: DatabaseHandle, job: Job, options: JobOptions = {}): Promise<void> {
  const [subject, queue] = subjectOf(job)
  const key = `${job.task}:${subject}`
  const mode = options.keepRunAt === true ? 'preserve_run_at' : 'replace'
  await tx.$executeRaw`
    SELECT FROM graphile_worker.add_job(
      identifier => ${job.task},
      payload => ${JSON.stringify(job.payload)}::json,
      queue_name => ${queue},
      run_at => ${options.runAt ?? null}::timestamptz,
      max_attempts => ${options.maxAttempts ?? null}::int,
      job_key => ${key},
      priority => ${options.lowPriority === true ? LATER_PRIORITY : null}::int,
      job_key_mode => ${mode})`
}

/** A job's subject, and the queue whose jobs run one after the other. */
function subjectOf({ task, payload }: Job): readonly [string, string | null] {
  // Two reports of one deploy at once could create two GitHub deployments.
  if (task === 'report_deployment') return [payload.deployId, `deployment:${payload.deployId}`]
  if ('deployId' in payload) return [payload.deployId, null]
  if ('surfaceId' in payload) return [payload.surfaceId, `turn:${payload.surfaceId}`]
  if ('deliveryId' in payload) return [payload.deliveryId, null]
  return [payload.repository, `github:${payload.repository}`]
}

const keyRows = z.array(z.object({ key: z.string() }))

/** The keys of the jobs of a task that have failed and will be tried again. */
export async function listRetriedKeys(db: DatabaseHandle, task: Job['task']): Promise<ReadonlySet<string>> {
  const rows = await db.$queryRaw`
    SELECT "key" FROM graphile_worker.jobs
    WHERE "task_identifier" = ${task} AND "key" IS NOT NULL AND "attempts" > 0 AND "attempts" < "max_attempts"`
  return new Set(keyRows.parse(rows).map(({ key }) => key))
}

/** Unlocks jobs whose worker was killed; graphile-worker itself waits four hours. No running task holds a lock this long. */
export async function unlockAbandonedJobs(db: DatabaseHandle, lockedBefore: Date): Promise<void> {
  await db.$executeRaw`
    SELECT graphile_worker.force_unlock_workers(array_agg(DISTINCT "locked_by"))
    FROM graphile_worker.jobs WHERE "locked_at" < ${lockedBefore}::timestamptz HAVING count(*) > 0`
}

const forgottenJob = z.object({ task: z.string(), key: z.string().nullable(), attempts: z.number() })

/** Deletes jobs that failed for good before `failedBefore`, and returns them. Until then, an operator can inspect them. */
export async function deleteFailedJobs(db: DatabaseHandle, failedBefore: Date) {
  const rows = await db.$queryRaw`
    WITH failed AS MATERIALIZED (
      SELECT "id", "task_identifier" AS "task", "key", "attempts"::int FROM graphile_worker.jobs
      WHERE "attempts" >= "max_attempts" AND "locked_at" IS NULL AND "updated_at" < ${failedBefore}::timestamptz),
    gone AS (SELECT "id" FROM graphile_worker.complete_jobs(ARRAY(SELECT "id" FROM failed)))
    SELECT "task", "key", "attempts" FROM failed JOIN gone USING ("id") ORDER BY "id"`
  return z.array(forgottenJob).parse(rows)
}

/** Whether graphile-worker's tables exist. See `installJobTables`. */
export async function jobTablesExist(db: DatabaseHandle): Promise<boolean> {
  const rows = await db.$queryRaw`SELECT to_regclass('graphile_worker.jobs') IS NOT NULL AS "present"`
  return z.tuple([z.object({ present: z.boolean() })]).parse(rows)[0].present
}
