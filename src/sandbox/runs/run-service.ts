import type { ResolvedRef } from '~/sandbox/git/refs'
import type { RunRequest } from '~/sandbox/runner/types'
import { queuedJob } from '~/sandbox/runs/apply-run-event'
import type { Executor } from '~/sandbox/runs/executor'
import { type Ids, workflowId } from '~/sandbox/runs/ids'
import type { PendingDeployment, PendingDeployments } from '~/sandbox/runs/pending-deployments'
import type { RunQueue } from '~/sandbox/runs/run-queue'
import { type Review, type RunRecord, timestamp } from '~/sandbox/runs/run-record'
import { recordLostRun } from '~/sandbox/runs/run-recorder'
import type { RunStore } from '~/sandbox/runs/run-store'

interface NewRun {
  /** `owner/name` */
  readonly repository: string
  readonly workflowPath: string
  readonly ref: ResolvedRef
  readonly inputs: Readonly<Record<string, string>>
  readonly actor: string
}

interface RunServiceDeps {
  readonly ids: Ids
  readonly store: RunStore
  readonly queue: RunQueue
  readonly pending: PendingDeployments
  readonly executor: Executor
  readonly requestFor: (run: RunRecord) => Promise<RunRequest>
}

export interface RunService {
  readonly dispatch: (run: NewRun) => Promise<{ readonly run: RunRecord } | { readonly errors: readonly string[] }>
  readonly cancel: (runId: number, force: boolean) => boolean
  /** Returns `undefined` if the run has not ended yet, or never started. */
  readonly rerun: (run: RunRecord) => RunRecord | undefined
  /** A reviewer's decision about the jobs of a run that wait for these environments. Returns those jobs. */
  readonly review: (
    run: RunRecord,
    environments: readonly string[],
    decision: Pick<Review, 'state' | 'user' | 'comment'>,
  ) => readonly PendingDeployment[]
  /** Queues queued runs again after a start, and ends runs that have lost their runner or what they waited for. */
  readonly recover: () => void
}

/** As on GitHub, the dispatch was accepted, and the run has no job. */
const endUnstarted = (store: RunStore, run: RunRecord, startupFailure: string): void => {
  store.save(run)
  store.save({ ...run, status: 'completed', conclusion: 'startup_failure', startupFailure })
}

export const createRunService = (deps: RunServiceDeps): RunService => ({
  dispatch: async ({ repository, workflowPath, ref, inputs, actor }) => {
    const at = timestamp(new Date())
    const draft: RunRecord = {
      runId: deps.ids.nextRunId(),
      runNumber: 0,
      attempt: 1,
      repository,
      workflow: { id: workflowId(repository, workflowPath), path: workflowPath, name: workflowPath },
      displayTitle: workflowPath,
      event: 'workflow_dispatch',
      inputs: { ...inputs },
      actor,
      sha: ref.sha,
      refName: ref.name,
      refType: ref.kind,
      concurrency: null,
      reviews: [],
      startupFailure: null,
      status: 'queued',
      conclusion: null,
      createdAt: at,
      startedAt: at,
      updatedAt: at,
      jobs: [],
    }
    const outcome = await deps.executor.plan(await deps.requestFor(draft))
    if ('errors' in outcome) return outcome
    const { planned } = outcome
    const run: RunRecord = {
      ...draft,
      runNumber: deps.ids.nextRunNumber(repository, workflowPath),
      workflow: { ...draft.workflow, name: planned.workflowName },
      displayTitle: planned.displayTitle,
      inputs: { ...planned.inputs },
      concurrency: planned.concurrency,
      jobs: planned.jobs.map((job) => queuedJob(job, deps.ids.nextJobId(), null, job.needs.length === 0 ? at : null)),
    }
    if (planned.startupFailure.length === 0) deps.queue.enqueue(run)
    else endUnstarted(deps.store, run, planned.startupFailure.join('\n'))
    return { run }
  },
  cancel: (runId, force) => deps.queue.cancel(runId, force),
  rerun: (previous) => {
    if (previous.status !== 'completed' || previous.conclusion === 'startup_failure') return undefined
    const at = timestamp(new Date())
    const run: RunRecord = {
      ...previous,
      attempt: previous.attempt + 1,
      reviews: [],
      status: 'queued',
      conclusion: null,
      startedAt: at,
      updatedAt: at,
      jobs: previous.jobs
        .filter(({ placeOf }) => placeOf === null)
        .map((job) =>
          queuedJob({ ...job, id: job.key }, deps.ids.nextJobId(), null, job.needs.length === 0 ? at : null),
        ),
    }
    deps.queue.enqueue(run)
    return run
  },
  review: ({ runId }, environments, decision) => {
    const run = deps.store.find(runId)
    if (run === undefined) return []
    // The review comes first, so that the jobs never go on without it.
    const review = { ...decision, environments: [...environments], at: timestamp(new Date()) }
    deps.store.save({ ...run, reviews: [...run.reviews, review] })
    return environments.flatMap((name) => deps.pending.review(runId, name, decision.state === 'approved'))
  },
  recover: () => {
    for (const run of deps.store.latest().toReversed()) {
      if (run.status === 'in_progress' || run.status === 'waiting') recordLostRun(deps.store, run)
      else if (run.status !== 'completed') deps.queue.enqueue(run)
    }
  },
})
