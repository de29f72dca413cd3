import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'

/** What can be put into the queue, by task. A payload is stored: a newer version must still read an older one's. */
export type Job =
  | {
      /** `reconcile_deploy` compares one deploy with GitHub; `notify_outcome` is what an older version queued at a deploy's end. */
      readonly task: 'reconcile_deploy' | 'notify_outcome'
      readonly payload: { readonly deployId: string }
    }
  | {
      /** One attempt to tell one channel how a deploy ended. */
      readonly task: 'deliver'
      readonly payload: { readonly deliveryId: string }
    }
  | {
      /** Looks at one repository, in lower case: at its runs that the console did not start, at where its default refs are, or at its DEPLOY_FREEZE. */
      readonly task: 'find_outside_runs' | 'measure_distance' | 'read_deploy_freeze'
      readonly payload: { readonly repository: string }
    }

interface JobOptions {
  /** Not before; at once when left out. */
  readonly runAt?: Date
  readonly maxAttempts?: number
  /** Leaves a job that waits already as it is: asked for again and again, it is not put off each time. */
  readonly unlessWaiting?: boolean
  /** Has its turn after jobs that somebody waits for. */
  readonly mayWait?: boolean
}

const LATER_PRIORITY = 10

/**
 * Puts a job into the queue within the caller's transaction: the job exists exactly if the change that asked for it was
 * committed, and survives a crash right after. One waiting job per task and subject: a second one takes the place of the
 * first; beside one that already runs, another is queued, since that one may have read what was there before. Looks at one
 * repository are taken one after the other: two at once could record the older answer last.
 */
export async function addJob(tx: DatabaseHandle, job: Job, options: JobOptions = {}): Promise<void> {
  const [subject, queue] = subjectOf(job.payload)
  const key = `${job.task}:${subject}`
  const mode = options.unlessWaiting === true ? 'preserve_run_at' : 'replace'
  await tx.$executeRaw`
    SELECT FROM graphile_worker.add_job(
      identifier => ${job.task},
      payload => ${JSON.stringify(job.payload)}::json,
      queue_name => ${queue},
      run_at => ${options.runAt ?? null}::timestamptz,
      max_attempts => ${options.maxAttempts ?? null}::int,
      job_key => ${key},
      priority => ${options.mayWait === true ? LATER_PRIORITY : null}::int,
      job_key_mode => ${mode})`
}

/** What a job is about, and the queue in which those about the same are taken one after the other. */
function subjectOf(payload: Job['payload']): readonly [string, string | null] {
  if ('deployId' in payload) return [payload.deployId, null]
  if ('deliveryId' in payload) return [payload.deliveryId, null]
  return [payload.repository, `github:${payload.repository}`]
}

/**
 * Gives back jobs whose worker was killed: the library itself waits four hours. No task takes this long, so a lock that
 * old belongs to nobody.
 */
export async function releaseAbandonedJobs(db: DatabaseHandle, lockedBefore: Date): Promise<void> {
  await db.$executeRaw`
    SELECT graphile_worker.force_unlock_workers(array_agg(DISTINCT "locked_by"))
    FROM graphile_worker.jobs WHERE "locked_at" < ${lockedBefore}::timestamptz HAVING count(*) > 0`
}

const forgottenJob = z.object({ task: z.string(), key: z.string().nullable(), attempts: z.number() })

/** Jobs that used up their attempts wait for somebody to look at them, until `failedBefore`: then they are deleted, and named. */
export async function forgetFailedJobs(db: DatabaseHandle, failedBefore: Date) {
  const rows = await db.$queryRaw`
    WITH failed AS MATERIALIZED (
      SELECT "id", "task_identifier" AS "task", "key", "attempts"::int FROM graphile_worker.jobs
      WHERE "attempts" >= "max_attempts" AND "locked_at" IS NULL AND "updated_at" < ${failedBefore}::timestamptz),
    gone AS (SELECT "id" FROM graphile_worker.complete_jobs(ARRAY(SELECT "id" FROM failed)))
    SELECT "task", "key", "attempts" FROM failed JOIN gone USING ("id") ORDER BY "id"`
  return z.array(forgottenJob).parse(rows)
}

/** Whether the job library's own tables are there; see `installJobTables`. */
export async function jobTablesExist(db: DatabaseHandle): Promise<boolean> {
  const rows = await db.$queryRaw`SELECT to_regclass('graphile_worker.jobs') IS NOT NULL AS "present"`
  return z.tuple([z.object({ present: z.boolean() })]).parse(rows)[0].present
}
