import type { ResolvedRef } from '~/sandbox/git/refs'
import type { RunRequest } from '~/sandbox/runner/types'
import { queuedJob } from '~/sandbox/runs/apply-run-event'
import type { Executor } from '~/sandbox/runs/executor'
import { type Ids, workflowId } from '~/sandbox/runs/ids'
import type { RunQueue } from '~/sandbox/runs/run-queue'
import { type RunRecord, timestamp } from '~/sandbox/runs/run-record'
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
  readonly executor: Executor
  readonly requestFor: (run: RunRecord) => Promise<RunRequest>
}

export interface RunService {
  readonly dispatch: (run: NewRun) => Promise<{ readonly run: RunRecord } | { readonly errors: readonly string[] }>
  readonly cancel: (runId: number, force: boolean) => boolean
  /** Returns `undefined` if the run has not ended yet. */
  readonly rerun: (run: RunRecord) => RunRecord | undefined
  /** Queues waiting runs again after a start, and ends runs that have lost their runner. */
  readonly recover: () => void
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
    deps.queue.enqueue(run)
    return { run }
  },
  cancel: (runId, force) => deps.queue.cancel(runId, force),
  rerun: (previous) => {
    if (previous.status !== 'completed') return undefined
    const at = timestamp(new Date())
    const run: RunRecord = {
      ...previous,
      attempt: previous.attempt + 1,
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
  recover: () => {
    for (const run of deps.store.latest().toReversed()) {
      if (run.status === 'in_progress') recordLostRun(deps.store, run)
      else if (run.status !== 'completed') deps.queue.enqueue(run)
    }
  },
})
