import { type RunRecord, timestamp } from '~/sandbox/runs/run-record'
import type { RunStore } from '~/sandbox/runs/run-store'
import type { Environments } from '~/sandbox/state/environments'

/** A job that waits for the protection rules of its environment. */
export interface PendingDeployment {
  readonly runId: number
  /** The job's id in the run's plan. */
  readonly job: string
  readonly environment: string
  readonly since: string
}

export interface PendingDeployments {
  /** Settles when the rules allow the job or a reviewer rejects it. `undefined` if the environment has no rules. */
  readonly wait: (
    run: { readonly runId: number; readonly environments: Environments },
    job: string,
    environment: string,
    signal: AbortSignal,
  ) => Promise<'passed' | 'rejected'> | undefined
  readonly of: (runId: number) => readonly PendingDeployment[]
  /** A reviewer's decision about the jobs that wait for an environment now. Returns those jobs. */
  readonly review: (runId: number, environment: string, approved: boolean) => readonly PendingDeployment[]
  /** What an administrator of the repository may do: start the jobs without waiting for any rule. */
  readonly bypass: (runId: number, environment: string) => readonly PendingDeployment[]
}

/** The runs that wait for a review or a timer, newest first. */
export const waitingRuns = (store: RunStore, pending: PendingDeployments): readonly RunRecord[] =>
  store.latest().filter(({ runId }) => pending.of(runId).length > 0)

interface Entry extends PendingDeployment {
  approved: boolean
  elapsed: boolean
  readonly settle: (verdict: 'passed' | 'rejected') => void
}

const MINUTE_MS = 60_000

/** https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments */
export const createPendingDeployments = (): PendingDeployments => {
  const entries = new Set<Entry>()
  const of = (runId: number, environment?: string): Entry[] =>
    [...entries].filter((entry) => entry.runId === runId && entry.environment === (environment ?? entry.environment))
  const passIfAllowed = (entry: Entry): void => {
    if (entry.approved && entry.elapsed) entry.settle('passed')
  }

  return {
    wait: ({ runId, environments }, job, name, signal) => {
      const rules = environments.find(name)
      if (rules === undefined || signal.aborted || (rules.reviewers.length === 0 && rules.waitTimer === 0)) {
        return undefined
      }
      return new Promise((resolve) => {
        const cancel = (): void => entry.settle('rejected')
        const timer = setTimeout(() => {
          entry.elapsed = true
          passIfAllowed(entry)
        }, rules.waitTimer * MINUTE_MS)
        const entry: Entry = {
          ...{ runId, job, environment: rules.name, since: timestamp(new Date()) },
          approved: rules.reviewers.length === 0,
          elapsed: rules.waitTimer === 0,
          settle: (verdict) => {
            entries.delete(entry)
            clearTimeout(timer)
            signal.removeEventListener('abort', cancel)
            resolve(verdict)
          },
        }
        entries.add(entry)
        signal.addEventListener('abort', cancel, { once: true })
      })
    },
    of,
    review: (runId, environment, approved) => {
      const reviewed = of(runId, environment).filter((entry) => !entry.approved)
      for (const entry of reviewed) {
        entry.approved = approved
        if (approved) passIfAllowed(entry)
        else entry.settle('rejected')
      }
      return reviewed
    },
    bypass: (runId, environment) => {
      const started = of(runId, environment)
      for (const entry of started) entry.settle('passed')
      return started
    },
  }
}
