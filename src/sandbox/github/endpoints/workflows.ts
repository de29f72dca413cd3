import { logCommits } from '~/sandbox/git/commits'
import type { ApiDeps } from '~/sandbox/github/api-deps'
import { notFound } from '~/sandbox/github/api-error'
import type { ApiRequest, Endpoint } from '~/sandbox/github/endpoints/endpoint'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { nodeIdOf } from '~/sandbox/github/shapes/user'
import { findWorkflow, listWorkflows, type WorkflowEntry, workflowName } from '~/sandbox/github/workflow-files'
import { type Answer, json } from '~/sandbox/http/answer'

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

const list = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const workflows = await listWorkflows(deps.repository)
  const page = pageOf(request.query)
  const shapes = await Promise.all(pageItems(workflows, page).map((workflow) => workflowShape(deps, workflow)))
  const link = linkHeader(request.url, request.query, page, workflows.length)
  return json(200, { total_count: workflows.length, workflows: shapes }, link)
}

const get = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const workflow = await findWorkflow(deps.repository, request.param('workflow'))
  return workflow ? json(200, await workflowShape(deps, workflow)) : notFound()
}

export const workflowEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/actions/workflows', handle: (request) => list(deps, request) },
  { method: 'GET', pattern: '/actions/workflows/:workflow', handle: (request) => get(deps, request) },
]
