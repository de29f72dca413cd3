import type { Conclusion, JobPlan, RunEvent } from '~/sandbox/runner/types'
import { type JobRecord, type RunRecord, type StepRecord, timestamp } from '~/sandbox/runs/run-record'

const open = (step: StepRecord): boolean => step.status !== 'completed'

const completeStep = (step: StepRecord, conclusion: Conclusion, at: string): StepRecord => ({
  ...step,
  status: 'completed',
  conclusion,
  startedAt: step.startedAt ?? at,
  completedAt: at,
})

const queuedStep = (name: string, number: number): StepRecord => ({
  name,
  number,
  status: 'queued',
  conclusion: null,
  startedAt: null,
  completedAt: null,
})

/** GitHub numbers steps from 1 ("Set up job"), the runner from 0. */
export const stepNumber = (step: number): number => step + 1

const startJob = (job: JobRecord, names: readonly string[], at: string): JobRecord => ({
  ...job,
  status: 'in_progress',
  createdAt: job.createdAt ?? at,
  startedAt: at,
  steps: names.map((name, index) => queuedStep(name, stepNumber(index))),
})

/** Steps that a job has not reached are cancelled with the job, otherwise skipped. A job that never ran has no steps. */
const completeJob = (job: JobRecord, conclusion: Conclusion, at: string): JobRecord => ({
  ...job,
  status: 'completed',
  conclusion,
  createdAt: job.createdAt ?? at,
  startedAt: job.startedAt ?? at,
  completedAt: at,
  steps: job.steps.map((step) =>
    open(step) ? completeStep(step, conclusion === 'cancelled' ? 'cancelled' : 'skipped', at) : step,
  ),
})

const onJob = (run: RunRecord, key: string, change: (job: JobRecord) => JobRecord): RunRecord => ({
  ...run,
  jobs: run.jobs.map((job) => (job.key === key ? change(job) : job)),
})

const onStep = (run: RunRecord, key: string, step: number, change: (step: StepRecord) => StepRecord): RunRecord =>
  onJob(run, key, (job) => ({
    ...job,
    steps: job.steps.map((candidate) => (candidate.number === stepNumber(step) ? change(candidate) : candidate)),
  }))

/** Creates, as queued, the jobs whose needs have all ended. */
const createReadyJobs = (run: RunRecord, at: string): RunRecord => {
  const ended = new Set(run.jobs.filter((job) => job.status === 'completed').map((job) => job.key))
  return {
    ...run,
    jobs: run.jobs.map((job) =>
      job.createdAt === null && job.needs.every((need) => ended.has(need)) ? { ...job, createdAt: at } : job,
    ),
  }
}

/** A planned job before it has started. */
export const queuedJob = (plan: JobPlan, id: number, placeOf: string | null, createdAt: string | null): JobRecord => ({
  id,
  key: plan.id,
  name: plan.name,
  needs: [...plan.needs],
  expands: plan.expands,
  placeOf,
  environment: null,
  status: 'queued',
  conclusion: null,
  createdAt,
  startedAt: null,
  completedAt: null,
  steps: [],
  annotation: null,
})

const expandJob = (run: RunRecord, key: string, plans: readonly JobPlan[], nextJobId: () => number): RunRecord => ({
  ...run,
  jobs: run.jobs.flatMap((job) =>
    job.key === key ? [job, ...plans.map((plan) => queuedJob(plan, nextJobId(), key, null))] : [job],
  ),
})

const changed = (run: RunRecord, event: RunEvent, at: string, nextJobId: () => number): RunRecord => {
  switch (event.type) {
    case 'run-started':
      return createReadyJobs({ ...run, status: 'in_progress', displayTitle: event.displayTitle }, at)
    case 'job-expanded':
      return createReadyJobs(expandJob(run, event.job, event.jobs, nextJobId), at)
    case 'job-waiting':
      return onJob(run, event.job, (job) => ({ ...job, status: 'waiting', environment: event.environment }))
    case 'job-queued':
      return onJob(run, event.job, (job) => ({ ...job, status: 'queued' }))
    case 'job-started':
      return onJob(run, event.job, (job) => startJob(job, event.steps, at))
    case 'step-started':
      return onStep(run, event.job, event.step, (step) => ({ ...step, status: 'in_progress', startedAt: at }))
    case 'step-completed':
      return onStep(run, event.job, event.step, (step) => completeStep(step, event.conclusion, at))
    case 'job-completed':
      return createReadyJobs(
        onJob(run, event.job, (job) => completeJob(job, event.conclusion, at)),
        at,
      )
    case 'run-completed':
      return concludeRun(run, event.conclusion, at)
    case 'log':
      return run
  }
}

/** Ends a run and its open jobs. Jobs that never started are cancelled with the run, otherwise skipped. */
export const concludeRun = (run: RunRecord, conclusion: Conclusion, at: string): RunRecord => ({
  ...run,
  status: 'completed',
  conclusion,
  updatedAt: at,
  jobs: run.jobs.map((job) => {
    if (job.status === 'completed') return job
    const started = job.startedAt !== null
    return completeJob(job, started || conclusion === 'cancelled' ? conclusion : 'skipped', at)
  }),
})

/** A run waits while some of its jobs wait for protection rules and all others have ended or wait for them. */
const statusOf = (run: RunRecord): RunRecord['status'] => {
  if (run.status !== 'in_progress' && run.status !== 'waiting') return run.status
  const open = run.jobs.filter(({ createdAt, expands, status }) => createdAt && !expands && status !== 'completed')
  return open.length > 0 && open.every(({ status }) => status === 'waiting') ? 'waiting' : 'in_progress'
}

/** The record of a run after one more event. A completed run no longer changes. */
export const applyRunEvent = (run: RunRecord, event: RunEvent, now: Date, nextJobId: () => number): RunRecord => {
  if (run.status === 'completed' || event.type === 'log') return run
  const at = timestamp(now)
  const after = changed(run, event, at, nextJobId)
  return { ...after, status: statusOf(after), updatedAt: at }
}

/** GitHub's annotation on a job whose runner is gone. */
export const LOST_RUNNER = 'The hosted runner lost communication with the server.'

/** GitHub keeps a waiting job for 30 days. The sandbox keeps what a job waits for in memory, so the job ends with the process. */
export const LOST_WAIT =
  'The sandbox ended while this job waited, and cancelled it. On GitHub, it would still wait. Run it again.'

const loseJob = (job: JobRecord, at: string): JobRecord => {
  if (job.status === 'waiting') return { ...completeJob(job, 'cancelled', at), annotation: LOST_WAIT }
  if (job.status !== 'in_progress') return job
  const steps = job.steps.map((step) =>
    step.status === 'in_progress'
      ? { ...step, status: 'completed' as const, conclusion: 'failure' as const, completedAt: at }
      : step,
  )
  return { ...job, status: 'completed', conclusion: 'failure', completedAt: at, steps, annotation: LOST_RUNNER }
}

/**
 * Ends a run that was in progress or waited when the sandbox died. As on GitHub, a lost runner is a failure with an annotation. A run that
 * only waited had no runner to lose: it is cancelled, and jobs that need the cancelled ones are skipped.
 */
export const loseRun = (run: RunRecord, now: Date): RunRecord => {
  const at = timestamp(now)
  const ended = concludeRun({ ...run, jobs: run.jobs.map((job) => loseJob(job, at)) }, 'failure', at)
  const isCancelled = run.status === 'waiting' && !ended.jobs.some(({ conclusion }) => conclusion === 'failure')
  return isCancelled ? { ...ended, conclusion: 'cancelled' } : ended
}
