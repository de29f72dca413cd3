import { z } from 'zod'
import { partState } from '~/domain/deploy/job-state'
import type { JobRecord, RunRecord, StepRecord } from '~/domain/deploy/run-record'

/** A run with its jobs as GitHub lists them, for the screen as well as for the evidence. */
export interface ListedRunJobs extends RunRecord {
  readonly runId: bigint
  readonly jobs: readonly ListedJob[]
  /** How many jobs GitHub says there are; not all of them may have been read. */
  readonly jobCount: number
}

export interface ListedJob extends JobRecord {
  /** Digits; null if GitHub names none. */
  readonly id: string | null
  readonly status: string
  readonly createdAt: string | null
  /** What the job asks of its runner. */
  readonly labels: readonly string[]
  readonly steps: readonly ListedStep[]
}

export interface ListedStep extends StepRecord {
  readonly number: number
  readonly completedAt: string | null
}

const time = z.string().nullable()

const runStep = z.object({
  number: z.int(),
  name: z.string(),
  /** `status` and `conclusion` in GitHub's own spelling, here and below. */
  status: z.string(),
  conclusion: z.string().nullable(),
  startedAt: time,
  endedAt: time,
})

const runJob = z.object({
  id: z.string().nullable(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullable(),
  createdAt: time.default(null),
  startedAt: time,
  endedAt: time,
  labels: z.array(z.string()).default([]),
  steps: z.array(runStep),
  /** How many steps were too many to keep. */
  moreSteps: z.int(),
})

/** The jobs of one attempt, as they are stored with a deploy. Members are only ever added. */
export const keptJobs = z.object({
  jobs: z.array(runJob),
  /** How many jobs were too many to keep. */
  moreJobs: z.int(),
})
export type KeptJobs = z.output<typeof keptJobs>
export type RunStep = z.output<typeof runStep>
export type RunJob = z.output<typeof runJob>

const JOBS_AT_MOST = 100
const STEPS_AT_MOST = 500
const NAME_AT_MOST = 200
const LABELS_AT_MOST = 10
const LABEL_AT_MOST = 60

/** The part of a run's jobs that is kept. If there are too many, failed and running jobs come before the others. */
export function keepJobs({ jobs, jobCount }: Pick<ListedRunJobs, 'jobs' | 'jobCount'>): KeptJobs {
  const chosen = jobs.toSorted((a, b) => urgency(a) - urgency(b)).slice(0, JOBS_AT_MOST)
  const withSteps = new Set<ListedJob>()
  let left = STEPS_AT_MOST
  for (const job of chosen) {
    if (job.steps.length > left) continue
    withSteps.add(job)
    left -= job.steps.length
  }
  return {
    jobs: jobs
      .filter((job) => chosen.includes(job))
      .map((job) => ({
        ...part(job),
        id: job.id,
        createdAt: isoTime(job.createdAt),
        labels: job.labels.slice(0, LABELS_AT_MOST).map((label) => clip(label, LABEL_AT_MOST)),
        steps: withSteps.has(job) ? job.steps.map((step) => ({ ...part(step), number: step.number })) : [],
        moreSteps: withSteps.has(job) ? 0 : job.steps.length,
      })),
    moreJobs: Math.max(jobCount, jobs.length) - chosen.length,
  }
}

const part = ({ name, status, conclusion, startedAt, completedAt }: Omit<ListedStep, 'number'>) => ({
  name: clip(name, NAME_AT_MOST),
  status: clip(status, 40),
  conclusion: conclusion === null ? null : clip(conclusion, 40),
  startedAt: isoTime(startedAt),
  endedAt: isoTime(completedAt),
})

function clip(text: string, length: number): string {
  if (text.length <= length) return text
  return `${[...text].slice(0, length - 1).join('')}…`
}

/** Null for anything but a time. GitHub also sends the year 1 for what has not happened. */
function isoTime(text: string | null): string | null {
  const at = Date.parse(text ?? '')
  return at > 0 ? new Date(at).toISOString() : null
}

function urgency(job: Pick<RunJob, 'status' | 'conclusion'>): number {
  const state = partState(job)
  if (state === 'failed' || state === 'timed_out') return 0
  return state === 'active' ? 1 : 2
}
