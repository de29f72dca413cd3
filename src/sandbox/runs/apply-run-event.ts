import type { Conclusion, RunEvent } from '~/sandbox/runner/types'
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

/** GitHub counts steps from 1 ("Set up job"), the runner from 0. */
export const stepNumber = (step: number): number => step + 1

const startJob = (job: JobRecord, names: readonly string[], at: string): JobRecord => ({
  ...job,
  status: 'in_progress',
  createdAt: job.createdAt ?? at,
  startedAt: at,
  steps: names.map((name, index) => queuedStep(name, stepNumber(index))),
})

/** A job that ended early leaves steps behind it: cancelled with it, else skipped. A job that never ran has none. */
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

/** Jobs whose needs have all ended come into being, as queued. */
const createReadyJobs = (run: RunRecord, at: string): RunRecord => {
  const ended = new Set(run.jobs.filter((job) => job.status === 'completed').map((job) => job.key))
  return {
    ...run,
    jobs: run.jobs.map((job) =>
      job.createdAt === null && job.needs.every((need) => ended.has(need)) ? { ...job, createdAt: at } : job,
    ),
  }
}

const changed = (run: RunRecord, event: RunEvent, at: string): RunRecord => {
  switch (event.type) {
    case 'run-started':
      return createReadyJobs({ ...run, status: 'in_progress', displayTitle: event.displayTitle }, at)
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

/** Ends a run and whatever of it has not ended: jobs that never started are skipped, or cancelled with it. */
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

/** What the sandbox knows of a run after one more event. A concluded run does not change any more. */
export const applyRunEvent = (run: RunRecord, event: RunEvent, now: Date): RunRecord => {
  if (run.status === 'completed' || event.type === 'log') return run
  const at = timestamp(now)
  return { ...changed(run, event, at), updatedAt: at }
}

/** GitHub's own words for a job whose runner vanished. */
export const LOST_RUNNER = 'The hosted runner lost communication with the server.'

const loseJob = (job: JobRecord, at: string): JobRecord => {
  if (job.status !== 'in_progress') return job
  const steps = job.steps.map((step) =>
    step.status === 'in_progress'
      ? { ...step, status: 'completed' as const, conclusion: 'failure' as const, completedAt: at }
      : step,
  )
  return { ...job, status: 'completed', conclusion: 'failure', completedAt: at, steps, annotation: LOST_RUNNER }
}

/** A run that was in progress when the sandbox died ends as GitHub ends one whose runner is gone: failure, with the reason. */
export const loseRun = (run: RunRecord, now: Date): RunRecord => {
  const at = timestamp(now)
  return concludeRun({ ...run, jobs: run.jobs.map((job) => loseJob(job, at)) }, 'failure', at)
}
