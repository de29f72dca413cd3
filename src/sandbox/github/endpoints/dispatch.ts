import { z } from 'zod'
import { resolveNamedRef } from '~/sandbox/git/refs'
import { tokenOwner } from '~/sandbox/git/sample-people'
import type { ApiDeps } from '~/sandbox/github/api-deps'
import { apiError, notFound } from '~/sandbox/github/api-error'
import type { ApiRequest, Endpoint } from '~/sandbox/github/endpoints/endpoint'
import { runPageUrl, runUrl } from '~/sandbox/github/shapes/run'
import { findWorkflow } from '~/sandbox/github/workflow-files'
import { type Answer, json, noContent } from '~/sandbox/http/answer'

const dispatchBody = z.object({
  ref: z.string(),
  inputs: z.record(z.string(), z.union([z.string(), z.boolean(), z.number()]).transform(String)).default({}),
  return_run_details: z.boolean().default(false),
})

const MOST_INPUTS = 25

const refuse = (message: string): Answer =>
  apiError(422, message, 'https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event')

const invalid = (body: unknown): Answer => {
  const wanted = typeof body === 'object' && body !== null && 'ref' in body
  return refuse(
    `Invalid request.\n\n${wanted ? 'The body does not fit the schema of this request.' : '"ref" wasn\'t supplied.'}`,
  )
}

/** POST …/actions/workflows/{workflow_id}/dispatches */
const dispatchWorkflow = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const workflow = await findWorkflow(deps.repository, request.param('workflow'))
  if (!workflow) return notFound()
  if (request.body === undefined) return apiError(400, 'Problems parsing JSON')
  const body = dispatchBody.safeParse(request.body)
  if (!body.success) return invalid(request.body)
  const { ref: refName, inputs, return_run_details: details } = body.data
  if (Object.keys(inputs).length > MOST_INPUTS)
    return refuse(`Invalid request.\n\nNo more than ${MOST_INPUTS} properties are allowed.`)
  const ref = await resolveNamedRef(deps.repository, refName)
  if (!ref) return refuse(`No ref found for: ${refName}`)

  const outcome = await deps.runs.dispatch({ workflowPath: workflow.path, ref, inputs, actor: tokenOwner.login })
  if ('errors' in outcome) return refuse(outcome.errors.join('; '))

  // 2026-03-10 always answers with the run; 2022-11-28 only when asked (since 2026-02-19).
  if (request.version === '2022-11-28' && !details) return noContent()
  const { runId } = outcome.run
  return json(200, {
    workflow_run_id: runId,
    run_url: runUrl(deps.urls, deps.repository, runId),
    html_url: runPageUrl(deps.urls, deps.repository, runId),
  })
}

export const dispatchEndpoints = (deps: ApiDeps): Endpoint[] => [
  {
    method: 'POST',
    pattern: '/actions/workflows/:workflow/dispatches',
    handle: (request) => dispatchWorkflow(deps, request),
  },
]
