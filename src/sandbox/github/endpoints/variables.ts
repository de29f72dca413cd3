import { z } from 'zod'
import type { ApiDeps, ApiRequest, Endpoint } from '~/sandbox/github/endpoint'
import { apiError, notFound } from '~/sandbox/github/endpoint'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { type Answer, json, noContent } from '~/sandbox/http/answer'
import type { Variable } from '~/sandbox/state/variables'

const patchBody = z.object({ name: z.string().optional(), value: z.string().min(1).max(48_000) })

const shape = (variable: Variable) => ({
  name: variable.name,
  value: variable.value,
  created_at: variable.createdAt,
  updated_at: variable.updatedAt,
})

const list = (deps: ApiDeps, request: ApiRequest): Answer => {
  const all = deps.variables.list()
  const page = pageOf(request.query, 10)
  const body = { total_count: all.length, variables: pageItems(all, page).map(shape) }
  return json(200, body, linkHeader(request.url, request.query, page, all.length))
}

const get = (deps: ApiDeps, request: ApiRequest): Answer => {
  const variable = deps.variables.find(request.param('name'))
  return variable ? json(200, shape(variable)) : notFound()
}

/** Changes a value. Unlike GitHub, refuses to rename a variable, because the workflows read variables by name. */
const patch = (deps: ApiDeps, request: ApiRequest): Answer => {
  if (!deps.variables.find(request.param('name'))) return notFound()
  const body = patchBody.safeParse(request.body)
  if (!body.success) return apiError(422, 'Invalid request.\n\n"value" is a text of 1 to 48000 characters.')
  const { name = request.param('name'), value } = body.data
  if (name.toUpperCase() !== request.param('name').toUpperCase()) {
    return apiError(422, 'The sandbox does not rename variables.')
  }
  deps.variables.update(name, value)
  return noContent()
}

export const variableEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/actions/variables', handle: (request) => list(deps, request) },
  { method: 'GET', pattern: '/actions/variables/:name', handle: (request) => get(deps, request) },
  { method: 'PATCH', pattern: '/actions/variables/:name', handle: (request) => patch(deps, request) },
]
