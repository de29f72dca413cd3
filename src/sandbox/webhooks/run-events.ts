import { readCommit } from '~/sandbox/git/commits'
import { fullNameOf } from '~/sandbox/git/repository'
import type { ApiDeps } from '~/sandbox/github/endpoint'
import { findWorkflow, workflowShape } from '~/sandbox/github/endpoints/workflows'
import { reviewersShape } from '~/sandbox/github/shapes/deployment'
import { jobShape, runPageUrl, runShape } from '~/sandbox/github/shapes/run'
import { userByLogin } from '~/sandbox/github/shapes/user'
import { type JobRecord, listedJobs, type Review, type RunRecord } from '~/sandbox/runs/run-record'
import type { RunStore } from '~/sandbox/runs/run-store'
import type { Deliveries, Delivery } from '~/sandbox/webhooks/deliveries'
import { commonOf } from '~/sandbox/webhooks/repository-events'

type Needs = Pick<ApiDeps, 'urls' | 'repository' | 'environments'>

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
  const reviews = run.reviews.slice(before?.reviews.length ?? 0)
  if (runAction === undefined && changed.length === 0 && reviews.length === 0) return []
  const common = await commonOf(deps, run.actor)
  const jobs = changed.map(({ job, action }) => ({
    event: 'workflow_job',
    payload: { action, workflow_job: jobShape(deps.urls, deps.repository, run, job), ...common },
  }))
  const reviewed = await Promise.all([
    ...changed.filter(({ action }) => action === 'waiting').map(({ job }) => requestedOf(deps, run, job)),
    ...reviews.map((review) => reviewedOf(deps, run, review)),
  ])
  const inner = [
    ...jobs,
    ...reviewed.flat().map(({ event, payload }) => ({ event, payload: { ...payload, ...common } })),
  ]
  if (runAction === undefined) return inner
  const ofRun = {
    event: 'workflow_run',
    payload: { action: runAction, ...(await runAndWorkflow(deps, run)), ...common },
  }
  return runAction === 'completed' ? [...inner, ofRun] : [ofRun, ...inner]
}

const waitingShape = ({ urls, repository }: Needs, run: RunRecord, job: JobRecord) => ({
  conclusion: null,
  created_at: job.createdAt ?? run.createdAt,
  environment: job.environment ?? '',
  html_url: `${runPageUrl(urls, repository, run.runId)}/job/${job.id}`,
  id: job.id,
  name: null,
  status: 'waiting',
  updated_at: run.updatedAt,
})

/** An environment with only a wait timer asks nobody for a review. */
const requestedOf = async (deps: Needs, run: RunRecord, job: JobRecord): Promise<readonly Delivery[]> => {
  const environment = deps.environments.find(job.environment ?? '')
  if (environment === undefined || environment.reviewers.length === 0) return []
  const payload = {
    action: 'requested',
    environment: environment.name,
    since: run.updatedAt,
    requestor: userByLogin(deps.urls, run.actor),
    reviewers: reviewersShape(deps, environment),
    workflow_job_run: waitingShape(deps, run, job),
    ...(await runAndWorkflow(deps, run)),
  }
  return [{ event: 'deployment_review', payload }]
}

const reviewedOf = async (deps: Needs, run: RunRecord, review: Review): Promise<readonly Delivery[]> => {
  const waiting = run.jobs.filter(
    ({ status, environment }) => status === 'waiting' && review.environments.includes(environment ?? ''),
  )
  const payload = {
    action: review.state,
    comment: review.comment,
    since: review.at,
    approver: userByLogin(deps.urls, review.user),
    reviewers: reviewersShape(deps, { reviewers: [review.user] }),
    workflow_job_runs: waiting.map((job) => ({ ...waitingShape(deps, run, job), name: job.name })),
    ...(await runAndWorkflow(deps, run)),
  }
  return [{ event: 'deployment_review', payload }]
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
