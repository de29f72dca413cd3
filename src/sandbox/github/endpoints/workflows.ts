import { parse } from 'yaml'
import { z } from 'zod'
import { logCommits } from '~/sandbox/git/commits'
import { resolveNamedRef } from '~/sandbox/git/refs'
import { fullNameOf, listFolder, type Repository, readBlob } from '~/sandbox/git/repository'
import { type ApiDeps, type ApiRequest, apiError, type Endpoint, notFound } from '~/sandbox/github/endpoint'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { runPageUrl, runUrl } from '~/sandbox/github/shapes/run'
import { nodeIdOf } from '~/sandbox/github/shapes/user'
import { type Answer, json, noContent } from '~/sandbox/http/answer'
import { workflowId } from '~/sandbox/runs/ids'
import { tokenOwner } from '~/sandbox/samples/people'

interface WorkflowEntry {
  readonly id: number
  readonly path: string
  readonly file: string
}

const FOLDER = '.github/workflows'

/** The workflows of the default branch, as on GitHub. */
const listWorkflows = async (repository: Repository): Promise<WorkflowEntry[]> => {
  const head = await resolveNamedRef(repository, repository.defaultBranch)
  if (!head) return []
  const paths = await listFolder(repository, head.sha, FOLDER)
  return paths
    .filter((path) => /\.ya?ml$/.test(path))
    .map((path) => ({ id: workflowId(fullNameOf(repository), path), path, file: path.slice(FOLDER.length + 1) }))
}

/** A workflow by numeric id or file name. The REST API accepts either. */
export const findWorkflow = async (repository: Repository, idOrFile: string): Promise<WorkflowEntry | undefined> => {
  const workflows = await listWorkflows(repository)
  return workflows.find(({ id, file }) => file === idOrFile || String(id) === idOrFile)
}

const named = z.object({ name: z.string().min(1) })

const parseYaml = (text: string): unknown => {
  try {
    const value: unknown = parse(text)
    return value
  } catch {
    return undefined
  }
}

/** The `name:` of a workflow, or its path if the file has no name or is not YAML. */
const workflowName = async (repository: Repository, path: string): Promise<string> => {
  const text = await readBlob(repository, `refs/heads/${repository.defaultBranch}`, path)
  const parsed = named.safeParse(parseYaml(text ?? ''))
  return parsed.success ? parsed.data.name : path
}

export const workflowShape = async (
  { repository, urls }: Pick<ApiDeps, 'repository' | 'urls'>,
  workflow: WorkflowEntry,
) => {
  const branch = repository.defaultBranch
  const commits = await logCommits(repository, `refs/heads/${branch}`, { limit: 100, path: workflow.path })
  return {
    id: workflow.id,
    node_id: nodeIdOf('W_', workflow.id),
    name: await workflowName(repository, workflow.path),
    path: workflow.path,
    state: 'active',
    created_at: commits.at(-1)?.committer.date,
    updated_at: commits.at(0)?.committer.date,
    url: `${repositoryUrl(urls, repository)}/actions/workflows/${workflow.id}`,
    html_url: `${repositoryPage(urls, repository)}/blob/${branch}/${workflow.path}`,
    badge_url: `${repositoryPage(urls, repository)}/workflows/${workflow.file}/badge.svg`,
  }
}

const answerWorkflows = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const workflows = await listWorkflows(deps.repository)
  const page = pageOf(request.query)
  const shapes = await Promise.all(pageItems(workflows, page).map((workflow) => workflowShape(deps, workflow)))
  const link = linkHeader(request.url, request.query, page, workflows.length)
  return json(200, { total_count: workflows.length, workflows: shapes }, link)
}

const getWorkflow = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const workflow = await findWorkflow(deps.repository, request.param('workflow'))
  return workflow ? json(200, await workflowShape(deps, workflow)) : notFound()
}

export const workflowEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/actions/workflows', handle: (request) => answerWorkflows(deps, request) },
  { method: 'GET', pattern: '/actions/workflows/:workflow', handle: (request) => getWorkflow(deps, request) },
]

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

  const repository = fullNameOf(deps.repository)
  const run = { repository, workflowPath: workflow.path, ref, inputs, actor: tokenOwner.login }
  const outcome = await deps.runs.dispatch(run)
  if ('errors' in outcome) return refuse(outcome.errors.join('; '))

  // API version 2026-03-10 always returns the run. 2022-11-28 returns it only if asked.
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
