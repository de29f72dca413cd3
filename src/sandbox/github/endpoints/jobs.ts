import type { ApiDeps, ApiRequest, Endpoint } from '~/sandbox/github/endpoint'
import { notFound } from '~/sandbox/github/endpoint'
import { idOf } from '~/sandbox/github/endpoints/runs'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { jobShape, runPageUrl } from '~/sandbox/github/shapes/run'
import { type Answer, json } from '~/sandbox/http/answer'
import { listedJobs, type RunRecord } from '~/sandbox/runs/run-record'
import { findJob } from '~/sandbox/runs/run-store'

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

/** GitHub redirects to a text file. There is none before the job has ended. */
const getLogs = (deps: ApiDeps, request: ApiRequest): Answer => {
  const found = findJob(deps.store, idOf(request.param('job')))
  if (found?.job.status !== 'completed' || found.job.steps.length === 0) return notFound()
  const page = runPageUrl(deps.urls, deps.repository, found.run.runId)
  return { status: 302, headers: { location: `${page}/job/${found.job.id}/log` } }
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
