import { type Commit, readCommit } from '~/sandbox/git/commits'
import { resolveCommit } from '~/sandbox/git/refs'
import { failedCheckOf } from '~/sandbox/git/sample-history'
import type { ApiDeps } from '~/sandbox/github/api-deps'
import { noCommitFor } from '~/sandbox/github/api-error'
import type { ApiRequest, Endpoint } from '~/sandbox/github/endpoints/endpoint'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { minimalRepositoryShape, repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { nodeIdOf } from '~/sandbox/github/shapes/user'
import { type Answer, json } from '~/sandbox/http/answer'

const CHECKS = ['lint', 'tests']

/** What a commit's checks said, the same every time it is asked. */
const checkRunsOf = ({ repository, urls }: ApiDeps, commit: Commit) => {
  const failed = failedCheckOf(commit.message)
  const at = commit.committer.date
  return CHECKS.map((name, index) => {
    // Stable, and safe as a number: 48 bits of the commit.
    const id = Number.parseInt(commit.sha.slice(0, 12), 16) + index
    const url = `${repositoryUrl(urls, repository)}/check-runs/${id}`
    const page = `${repositoryPage(urls, repository)}/commit/${commit.sha}`
    return {
      id,
      node_id: nodeIdOf('CR_', id),
      head_sha: commit.sha,
      external_id: '',
      url,
      html_url: page,
      details_url: page,
      status: 'completed',
      conclusion: name === failed ? 'failure' : 'success',
      started_at: at,
      completed_at: at,
      output: { title: null, summary: null, text: null, annotations_count: 0, annotations_url: `${url}/annotations` },
      name,
      check_suite: { id },
      app: null,
      pull_requests: [],
    }
  })
}

const checkRuns = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const sha = await resolveCommit(deps.repository, request.param('ref'))
  if (!sha) return noCommitFor(request.param('ref'))
  const all = checkRunsOf(deps, await readCommit(deps.repository, sha))
  const page = pageOf(request.query)
  const body = { total_count: all.length, check_runs: pageItems(all, page) }
  return json(200, body, linkHeader(request.url, request.query, page, all.length))
}

/** Nobody here reports with the older statuses, for which GitHub says `pending`. */
const combinedStatus = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const { repository, urls } = deps
  const sha = await resolveCommit(repository, request.param('ref'))
  if (!sha) return noCommitFor(request.param('ref'))
  const commit = `${repositoryUrl(urls, repository)}/commits/${sha}`
  const nothing = { state: 'pending', statuses: [], total_count: 0 }
  return json(200, {
    ...nothing,
    sha,
    repository: minimalRepositoryShape(urls, repository),
    commit_url: commit,
    url: `${commit}/status`,
  })
}

/** Before `/commits/:ref+`, which takes whatever is left. */
export const checkEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/commits/:ref/check-runs', handle: (request) => checkRuns(deps, request) },
  { method: 'GET', pattern: '/commits/:ref/status', handle: (request) => combinedStatus(deps, request) },
]
