import type { PhaseState } from '~/domain/deploy/phases'
import type { RunJob } from '~/domain/deploy/run-jobs'

const CONCLUSIONS: Readonly<Record<string, PhaseState>> = {
  success: 'done',
  failure: 'failed',
  startup_failure: 'failed',
  timed_out: 'timed_out',
  cancelled: 'cancelled',
  skipped: 'skipped',
}
const WAITING = ['queued', 'waiting', 'pending', 'requested']

/** The state of a job or step. What this version does not know is unknown. */
export function partState({ status, conclusion }: Pick<RunJob, 'status' | 'conclusion'>): PhaseState {
  if (conclusion !== null) return CONCLUSIONS[conclusion] ?? 'unknown'
  if (status === 'in_progress') return 'active'
  return WAITING.includes(status) ? 'pending' : 'unknown'
}

/** The job to show first: the first that failed or ran out of time, else the first that runs. Null if there is none. */
export function jobInFocus<Job extends Pick<RunJob, 'status' | 'conclusion'>>(jobs: readonly Job[]): Job | null {
  const first = (...states: readonly PhaseState[]) => jobs.find((job) => states.includes(partState(job)))
  return first('failed', 'timed_out') ?? first('active') ?? null
}
