import type { ApiDeps } from '~/sandbox/github/api-deps'
import { apiError, notFound } from '~/sandbox/github/api-error'
import type { ApiRequest, Endpoint } from '~/sandbox/github/endpoints/endpoint'
import { idOf } from '~/sandbox/github/endpoints/workflow-runs'
import { type Answer, json } from '~/sandbox/http/answer'

const cancel = (deps: ApiDeps, request: ApiRequest, force: boolean): Answer => {
  const run = deps.store.find(idOf(request.param('run')))
  if (!run) return notFound()
  if (!deps.runs.cancel(run.runId, force)) return apiError(409, 'Cannot cancel a workflow run that is completed.')
  return json(202, {})
}

const rerun = (deps: ApiDeps, request: ApiRequest): Answer => {
  const run = deps.store.find(idOf(request.param('run')))
  if (!run) return notFound()
  return deps.runs.rerun(run) ? json(201, {}) : apiError(403, 'This workflow is already running')
}

export const runControlEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'POST', pattern: '/actions/runs/:run/cancel', handle: (request) => cancel(deps, request, false) },
  { method: 'POST', pattern: '/actions/runs/:run/force-cancel', handle: (request) => cancel(deps, request, true) },
  { method: 'POST', pattern: '/actions/runs/:run/rerun', handle: (request) => rerun(deps, request) },
]
