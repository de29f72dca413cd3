import { concludeRun } from '~/sandbox/runs/apply-run-event'
import { type JobRecord, type RunRecord, timestamp } from '~/sandbox/runs/run-record'

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
