import { z } from 'zod'

const status = z.enum(['queued', 'pending', 'waiting', 'in_progress', 'completed'])
const conclusion = z.enum(['success', 'failure', 'cancelled', 'skipped', 'timed_out'])
const time = z.string().nullable()

const stepRecord = z.object({
  name: z.string(),
  /** As on GitHub, numbered from 1, "Set up job". */
  number: z.number(),
  status,
  conclusion: conclusion.nullable(),
  startedAt: time,
  completedAt: time,
})

const jobRecord = z.object({
  id: z.number(),
  /** The job's id in the run's plan. */
  key: z.string(),
  name: z.string(),
  needs: z.array(z.string()),
  /** A matrix or a call of a workflow: other jobs take its place when it starts. */
  expands: z.boolean().default(false),
  /** The key of the job whose place this job has taken. */
  placeOf: z.string().nullable().default(null),
  /** The environment whose protection rules the job has waited for. */
  environment: z.string().nullable().default(null),
  status,
  conclusion: conclusion.nullable(),
  /** GitHub creates a job when the jobs it needs have ended. Before that, the API does not list it. */
  createdAt: time,
  startedAt: time,
  completedAt: time,
  steps: z.array(stepRecord),
  annotation: z.string().nullable(),
})

const review = z.object({
  environments: z.array(z.string()),
  state: z.enum(['approved', 'rejected']),
  /** The reviewer's login. */
  user: z.string(),
  comment: z.string(),
  at: z.string(),
})

const concurrency = z.object({
  group: z.string(),
  cancelInProgress: z.boolean(),
  /** `single`: a newer run takes the place of the one that waits. `max`: up to 100 runs wait in their order. */
  queue: z.enum(['single', 'max']).default('single'),
})

/** One attempt of one run, as stored. Secrets and variables are never part of it. */
export const runRecord = z.object({
  runId: z.number(),
  runNumber: z.number(),
  attempt: z.number(),
  /** `owner/name`. Runs of before the second repository have none. */
  repository: z.string().default('acme/platform'),
  workflow: z.object({ id: z.number(), path: z.string(), name: z.string() }),
  displayTitle: z.string(),
  event: z.enum(['workflow_dispatch', 'push']),
  inputs: z.record(z.string(), z.string()),
  actor: z.string(),
  sha: z.string(),
  refName: z.string(),
  refType: z.enum(['branch', 'tag']),
  concurrency: concurrency.nullable(),
  /** The decisions of reviewers about deployments of this attempt. */
  reviews: z.array(review).default([]),
  status,
  conclusion: z.enum([...conclusion.options, 'startup_failure']).nullable(),
  /** Why the run never started. */
  startupFailure: z.string().nullable().default(null),
  createdAt: z.string(),
  /** When this attempt was requested (`run_started_at`). */
  startedAt: z.string(),
  updatedAt: z.string(),
  jobs: z.array(jobRecord),
})

export type RunRecord = z.infer<typeof runRecord>
export type Review = z.infer<typeof review>
export type Concurrency = z.infer<typeof concurrency>
export type JobRecord = z.infer<typeof jobRecord>
export type StepRecord = z.infer<typeof stepRecord>

/** As on GitHub, the names of concurrency groups are case-insensitive. */
export const groupKey = (group: string): string => group.toLowerCase()

/** GitHub's time format: UTC without fractions. */
export const timestamp = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`

/**
 * The jobs that the API lists: those whose needs have ended. A matrix or a call is listed only if it ended before other jobs
 * took its place, for instance if it was skipped.
 */
export const listedJobs = (run: RunRecord): JobRecord[] => {
  const replaced = new Set(run.jobs.map(({ placeOf }) => placeOf))
  return run.jobs.filter(
    (job) => job.createdAt !== null && !(job.expands && (job.status !== 'completed' || replaced.has(job.key))),
  )
}
