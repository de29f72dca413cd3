import { readCommit } from '~/sandbox/git/commits'
import { fullNameOf } from '~/sandbox/git/repository'
import type { ApiDeps } from '~/sandbox/github/endpoint'
import { findWorkflow, workflowShape } from '~/sandbox/github/endpoints/workflows'
import { jobShape, runShape } from '~/sandbox/github/shapes/run'
import { type JobRecord, listedJobs, type RunRecord } from '~/sandbox/runs/run-record'
import type { RunStore } from '~/sandbox/runs/run-store'
import type { Deliveries, Delivery } from '~/sandbox/webhooks/deliveries'
import { commonOf } from '~/sandbox/webhooks/repository-events'

type Needs = Pick<ApiDeps, 'urls' | 'repository'>

/** The same store, which sends webhooks for each saved run. */
export const announcing = (store: RunStore, repositories: readonly Needs[], deliveries: Deliveries): RunStore => ({
  ...store,
  save: (run) => {
    const before = store.find(run.runId, run.attempt)
    store.save(run)
    const own = repositories.find(({ repository }) => fullNameOf(repository) === run.repository)
    if (own !== undefined) deliveries.send(() => eventsOf(own, before, run))
  },
})

const eventsOf = async (deps: Needs, before: RunRecord | undefined, run: RunRecord): Promise<readonly Delivery[]> => {
  const runAction = actionOfRun(before, run)
  const changed = listedJobs(run).flatMap((job) => {
    const action = actionOfJob(
      before?.jobs.find(({ id }) => id === job.id),
      job,
    )
    return action === undefined ? [] : [{ job, action }]
  })
  if (runAction === undefined && changed.length === 0) return []
  const common = await commonOf(deps, run.actor)
  const jobs = changed.map(({ job, action }) => ({
    event: 'workflow_job',
    payload: { action, workflow_job: jobShape(deps.urls, deps.repository, run, job), ...common },
  }))
  if (runAction === undefined) return jobs
  const ofRun = {
    event: 'workflow_run',
    payload: { action: runAction, ...(await runAndWorkflow(deps, run)), ...common },
  }
  return runAction === 'completed' ? [...jobs, ofRun] : [ofRun, ...jobs]
}

const runAndWorkflow = async (deps: Needs, run: RunRecord) => {
  const workflow = await findWorkflow(deps.repository, String(run.workflow.id))
  return {
    workflow_run: runShape(deps.urls, deps.repository, run, await readCommit(deps.repository, run.sha)),
    workflow: workflow === undefined ? null : await workflowShape(deps, workflow),
  }
}

const actionOfRun = (before: RunRecord | undefined, { status }: RunRecord): string | undefined => {
  if (before === undefined) return 'requested'
  return before.status !== status && (status === 'in_progress' || status === 'completed') ? status : undefined
}

/** GitHub creates a job when the jobs it needs have ended. */
const actionOfJob = (before: JobRecord | undefined, job: JobRecord): string | undefined => {
  if (job.createdAt === null) return undefined
  const isNew = before === undefined || before.createdAt === null
  return isNew || before.status !== job.status ? job.status : undefined
}
