import { z } from 'zod'
import { fullNameOf } from '~/sandbox/git/repository'
import { type ApiDeps, type ApiRequest, apiError, type Endpoint, notFound } from '~/sandbox/github/endpoint'
import { idOf } from '~/sandbox/github/endpoints/runs'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { deploymentShape, environmentShape, pendingShape, protectedShape } from '~/sandbox/github/shapes/deployment'
import { userByLogin } from '~/sandbox/github/shapes/user'
import { type Answer, json } from '~/sandbox/http/answer'
import type { RunRecord } from '~/sandbox/runs/run-record'
import { tokenOwner } from '~/sandbox/samples/people'
import { environmentId } from '~/sandbox/state/environments'

const listEnvironments = (deps: ApiDeps, request: ApiRequest): Answer => {
  const all = deps.environments.list()
  const page = pageOf(request.query)
  const environments = pageItems(all, page).map((environment) => protectedShape(deps, environment))
  const link = linkHeader(request.url, request.query, page, all.length)
  return json(200, { total_count: all.length, environments }, link)
}

const getEnvironment = (deps: ApiDeps, request: ApiRequest): Answer => {
  const found = deps.environments.find(request.param('environment'))
  return found === undefined ? notFound() : json(200, protectedShape(deps, found))
}

const findRun = (deps: ApiDeps, request: ApiRequest): RunRecord | undefined =>
  deps.store.find(idOf(request.param('run')))

/** One entry for each environment, as on GitHub, however many jobs wait for it. */
const listPending = (deps: ApiDeps, request: ApiRequest): Answer => {
  const run = findRun(deps, request)
  if (run === undefined) return notFound()
  const pending = deps.pending.of(run.runId)
  const environments = deps.environments.list().flatMap((environment) => {
    const first = pending.find((entry) => entry.environment === environment.name)
    return first === undefined ? [] : [pendingShape(deps, environment, first.since)]
  })
  return json(200, environments)
}

const reviewBody = z.object({
  environment_ids: z.array(z.number().int()).min(1),
  state: z.enum(['approved', 'rejected']),
  comment: z.string(),
})

/** The token's owner decides, if the owner is among the reviewers. */
const reviewPending = (deps: ApiDeps, request: ApiRequest): Answer => {
  const run = findRun(deps, request)
  if (run === undefined) return notFound()
  const body = reviewBody.safeParse(request.body)
  if (!body.success) return apiError(422, 'Invalid request.\n\n"environment_ids", "state" and "comment" are required.')
  const { environment_ids: ids, state, comment } = body.data
  const waiting = new Set(deps.pending.of(run.runId).map(({ environment }) => environment))
  const environments = ids.flatMap(
    (id) =>
      deps.environments
        .list()
        .find(({ name }) => waiting.has(name) && environmentId(fullNameOf(deps.repository), name) === id) ?? [],
  )
  if (environments.length < ids.length) {
    return apiError(422, 'There are no pending deployment requests to approve or reject.')
  }
  if (environments.some(({ reviewers }) => !reviewers.includes(tokenOwner.login))) {
    return apiError(403, 'You are not a required reviewer of this deployment.')
  }
  const reviewed = deps.runs.review(
    run,
    environments.map(({ name }) => name),
    { state, comment, user: tokenOwner.login },
  )
  return json(
    200,
    reviewed.map((pending) => deploymentShape(deps, run, pending)),
  )
}

const listApprovals = (deps: ApiDeps, request: ApiRequest): Answer => {
  const run = findRun(deps, request)
  if (run === undefined) return notFound()
  return json(
    200,
    run.reviews.map(({ environments, state, user, comment }) => ({
      environments: environments.flatMap((name) => {
        const found = deps.environments.find(name)
        return found === undefined ? [] : [environmentShape(deps, found)]
      }),
      state,
      user: userByLogin(deps.urls, user),
      comment,
    })),
  )
}

export const deploymentEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/environments', handle: (request) => listEnvironments(deps, request) },
  { method: 'GET', pattern: '/environments/:environment', handle: (request) => getEnvironment(deps, request) },
  { method: 'GET', pattern: '/actions/runs/:run/pending_deployments', handle: (request) => listPending(deps, request) },
  {
    method: 'POST',
    pattern: '/actions/runs/:run/pending_deployments',
    handle: (request) => reviewPending(deps, request),
  },
  { method: 'GET', pattern: '/actions/runs/:run/approvals', handle: (request) => listApprovals(deps, request) },
]
