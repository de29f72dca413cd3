import { readCommit } from '~/sandbox/git/commits'
import { parseCreated } from '~/sandbox/github/created-filter'
import { type ApiDeps, type ApiRequest, apiError, type Endpoint, notFound } from '~/sandbox/github/endpoint'
import { findWorkflow } from '~/sandbox/github/endpoints/workflows'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { jobShape, runShape } from '~/sandbox/github/shapes/run'
import { type Answer, json } from '~/sandbox/http/answer'
import { listedJobs, type RunRecord } from '~/sandbox/runs/run-record'
import { findJob } from '~/sandbox/runs/run-store'

type Filter = (run: RunRecord) => boolean

const equals = (query: URLSearchParams, name: string, read: (run: RunRecord) => string): Filter => {
  const wanted = query.get(name)
  return wanted === null ? () => true : (run) => read(run) === wanted
}

/** GitHub's `status` parameter takes a status or a conclusion. */
const byStatus = (query: URLSearchParams): Filter => {
  const wanted = query.get('status')
  return wanted === null ? () => true : (run) => run.status === wanted || run.conclusion === wanted
}

const filtersOf = (query: URLSearchParams): Filter[] | undefined => {
  const text = query.get('created')
  const created = text === null ? () => true : parseCreated(text)
  if (!created) return undefined
  return [
    (run) => created(run.createdAt),
    byStatus(query),
    equals(query, 'event', (run) => run.event),
    equals(query, 'branch', (run) => run.refName),
    equals(query, 'actor', (run) => run.actor),
    equals(query, 'head_sha', (run) => run.sha),
  ]
}

const shapeOfRun = async ({ urls, repository }: ApiDeps, run: RunRecord) =>
  runShape(urls, repository, run, await readCommit(repository, run.sha))

const listRuns = async (deps: ApiDeps, request: ApiRequest, of: Filter): Promise<Answer> => {
  const filters = filtersOf(request.query)
  if (!filters) return apiError(422, `Invalid created filter: ${request.query.get('created')}`)
  const runs = deps.store.latest().filter((run) => of(run) && filters.every((filter) => filter(run)))
  const page = pageOf(request.query)
  const shapes = await Promise.all(pageItems(runs, page).map((run) => shapeOfRun(deps, run)))
  const link = linkHeader(request.url, request.query, page, runs.length)
  return json(200, { total_count: runs.length, workflow_runs: shapes }, link)
}

const listForWorkflow = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const workflow = await findWorkflow(deps.repository, request.param('workflow'))
  if (!workflow) return notFound()
  return listRuns(deps, request, (run) => run.workflow.path === workflow.path)
}

const getRun = async (deps: ApiDeps, run: RunRecord | undefined): Promise<Answer> =>
  run ? json(200, await shapeOfRun(deps, run)) : notFound()

/** Reads an id. Text that is not a number gives -1, the id of no run. */
export const idOf = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : -1)

export const workflowRunEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/actions/runs', handle: (request) => listRuns(deps, request, () => true) },
  { method: 'GET', pattern: '/actions/workflows/:workflow/runs', handle: (request) => listForWorkflow(deps, request) },
  {
    method: 'GET',
    pattern: '/actions/runs/:run',
    handle: (request) => getRun(deps, deps.store.find(idOf(request.param('run')))),
  },
  {
    method: 'GET',
    pattern: '/actions/runs/:run/attempts/:attempt',
    handle: (request) => getRun(deps, deps.store.find(idOf(request.param('run')), idOf(request.param('attempt')))),
  },
]

const cancelRun = (deps: ApiDeps, request: ApiRequest, force: boolean): Answer => {
  const run = deps.store.find(idOf(request.param('run')))
  if (!run) return notFound()
  if (!deps.runs.cancel(run.runId, force)) return apiError(409, 'Cannot cancel a workflow run that is completed.')
  return json(202, {})
}

const rerun = (deps: ApiDeps, request: ApiRequest): Answer => {
  const run = deps.store.find(idOf(request.param('run')))
  if (!run) return notFound()
  if (run.conclusion === 'startup_failure') return apiError(403, 'This workflow run cannot be retried')
  return deps.runs.rerun(run) ? json(201, {}) : apiError(403, 'This workflow is already running')
}

export const runControlEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'POST', pattern: '/actions/runs/:run/cancel', handle: (request) => cancelRun(deps, request, false) },
  { method: 'POST', pattern: '/actions/runs/:run/force-cancel', handle: (request) => cancelRun(deps, request, true) },
  { method: 'POST', pattern: '/actions/runs/:run/rerun', handle: (request) => rerun(deps, request) },
]

const listJobs = (deps: ApiDeps, request: ApiRequest, attempts: readonly RunRecord[]): Answer => {
  if (attempts.length === 0) return notFound()
  const jobs = attempts.flatMap((run) => listedJobs(run).map((job) => ({ run, job })))
  const page = pageOf(request.query)
  const shapes = pageItems(jobs, page).map(({ run, job }) => jobShape(deps.urls, deps.repository, run, job))
  const link = linkHeader(request.url, request.query, page, jobs.length)
  return json(200, { total_count: jobs.length, jobs: shapes }, link)
}

const attemptsAsked = (deps: ApiDeps, request: ApiRequest): readonly RunRecord[] => {
  const attempts = deps.store.attempts(idOf(request.param('run')))
  return request.query.get('filter') === 'all' ? attempts : attempts.slice(-1)
}

const oneAttempt = (deps: ApiDeps, request: ApiRequest): readonly RunRecord[] => {
  const run = deps.store.find(idOf(request.param('run')), idOf(request.param('attempt')))
  return run ? [run] : []
}

const getJob = (deps: ApiDeps, request: ApiRequest): Answer => {
  const found = findJob(deps.store, idOf(request.param('job')))
  return found ? json(200, jobShape(deps.urls, deps.repository, found.run, found.job)) : notFound()
}

/** GitHub redirects to a text file, for one minute. There is none before the job has ended. */
const getLogs = (deps: ApiDeps, request: ApiRequest): Answer => {
  const found = findJob(deps.store, idOf(request.param('job')))
  if (found?.job.status !== 'completed' || found.job.steps.length === 0) return notFound()
  return { status: 302, headers: { location: deps.linkToLog(found.job.id) } }
}

export const jobEndpoints = (deps: ApiDeps): Endpoint[] => [
  {
    method: 'GET',
    pattern: '/actions/runs/:run/jobs',
    handle: (request) => listJobs(deps, request, attemptsAsked(deps, request)),
  },
  {
    method: 'GET',
    pattern: '/actions/runs/:run/attempts/:attempt/jobs',
    handle: (request) => listJobs(deps, request, oneAttempt(deps, request)),
  },
  { method: 'GET', pattern: '/actions/jobs/:job', handle: (request) => getJob(deps, request) },
  { method: 'GET', pattern: '/actions/jobs/:job/logs', handle: (request) => getLogs(deps, request) },
]
