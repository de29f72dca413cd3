import { type Commit, countCommits, logCommits, readCommit } from '~/sandbox/git/commits'
import { changedFiles, compareCommits } from '~/sandbox/git/compare'
import { resolveCommit } from '~/sandbox/git/refs'
import {
  type ApiDeps,
  type ApiRequest,
  apiError,
  type Endpoint,
  noCommitFor,
  notFound,
} from '~/sandbox/github/endpoint'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { commitShape, fileShape } from '~/sandbox/github/shapes/commit'
import { minimalRepositoryShape, repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { nodeIdOf } from '~/sandbox/github/shapes/user'
import { type Answer, json, text } from '~/sandbox/http/answer'
import { personByLogin } from '~/sandbox/samples/people'
import { failedCheckOf } from '~/sandbox/samples/platform-history'
import { historyOf } from '~/sandbox/samples/repositories'

const given = <K extends string>(key: K, value: string | null): Partial<Record<K, string>> => {
  const entry: Partial<Record<K, string>> = {}
  if (value !== null && value !== '') entry[key] = value
  return entry
}

const isTime = (value: string | null): boolean => value === null || !Number.isNaN(Date.parse(value))

const answerCommits = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const { repository, urls } = deps
  const wanted = request.query.get('sha') ?? repository.defaultBranch
  const sha = await resolveCommit(repository, wanted)
  if (!sha) return notFound()
  if (!isTime(request.query.get('since')) || !isTime(request.query.get('until'))) {
    return apiError(422, 'Invalid request.\n\nFor since and until a time in ISO 8601 is expected.')
  }
  const author = request.query.get('author')
  const page = pageOf(request.query)
  const filter = {
    limit: page.perPage,
    skip: page.skip,
    ...given('path', request.query.get('path')),
    ...given('since', request.query.get('since')),
    ...given('until', request.query.get('until')),
    ...given('author', author === null ? null : (personByLogin(author)?.email ?? author)),
  }
  const [commits, total] = await Promise.all([
    logCommits(repository, sha, filter),
    countCommits(repository, sha, filter),
  ])
  const shapes = commits.map((commit) => commitShape(urls, repository, commit))
  return json(200, shapes, linkHeader(request.url, request.query, page, total))
}

const getCommit = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const { repository, urls } = deps
  const sha = await resolveCommit(repository, request.param('ref'))
  if (!sha) return noCommitFor(request.param('ref'))
  if (request.header('accept')?.includes('application/vnd.github.sha')) {
    return text(200, sha, { 'content-type': 'application/vnd.github.sha; charset=utf-8' })
  }
  const commit = await readCommit(repository, sha)
  const files = await changedFiles(repository, commit.parents[0], sha)
  const additions = files.reduce((sum, file) => sum + file.additions, 0)
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0)
  const page = pageOf(request.query, 100)
  return json(200, {
    ...commitShape(urls, repository, commit),
    stats: { total: additions + deletions, additions, deletions },
    files: pageItems(files, page).map((file) => fileShape(urls, repository, sha, file)),
  })
}

export const commitEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/commits', handle: (request) => answerCommits(deps, request) },
  { method: 'GET', pattern: '/commits/:ref+', handle: (request) => getCommit(deps, request) },
]

const CHECKS = ['lint', 'tests']

/** The check runs of a commit, always the same ones. */
const checkRunsOf = ({ repository, urls }: ApiDeps, commit: Commit) => {
  const history = historyOf(repository)
  const failed = history === undefined ? null : failedCheckOf(history, commit.message)
  const at = commit.committer.date
  return CHECKS.map((name, index) => {
    // 48 bits of the SHA are stable and fit a JavaScript number.
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

const listCheckRuns = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const sha = await resolveCommit(deps.repository, request.param('ref'))
  if (!sha) return noCommitFor(request.param('ref'))
  const all = checkRunsOf(deps, await readCommit(deps.repository, sha))
  const page = pageOf(request.query)
  const body = { total_count: all.length, check_runs: pageItems(all, page) }
  return json(200, body, linkHeader(request.url, request.query, page, all.length))
}

/** No commit has statuses of the older API. GitHub then answers `pending`. */
const getCombinedStatus = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
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

export const checkEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/commits/:ref/check-runs', handle: (request) => listCheckRuns(deps, request) },
  { method: 'GET', pattern: '/commits/:ref/status', handle: (request) => getCombinedStatus(deps, request) },
]

/** Splits `base...head`. Either side may be `owner:branch`, where the owner is the repository's own. */
const sidesOf = (basehead: string, owner: string): readonly [string, string] | undefined => {
  const [base = '', head = '', ...more] = basehead.split('...')
  if (base === '' || head === '' || more.length > 0) return undefined
  const own = (side: string): string => (side.startsWith(`${owner}:`) ? side.slice(owner.length + 1) : side)
  return [own(base), own(head)]
}

const compareSides = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const { repository, urls } = deps
  const sides = sidesOf(request.param('basehead'), repository.owner)
  if (!sides) return notFound()
  const [base, head] = await Promise.all(sides.map((side) => resolveCommit(repository, side)))
  const comparison = base && head ? await compareCommits(repository, base, head) : undefined
  if (!base || !head || !comparison) return notFound()

  // Without paging, GitHub answers up to 250 commits at once. With paging, only the first page has the files.
  const paged = request.query.has('page') || request.query.has('per_page')
  const page = pageOf(request.query)
  const commits = paged ? pageItems(comparison.commits, page) : comparison.commits
  const files = paged && page.page > 1 ? [] : comparison.files
  const html = `${repositoryPage(urls, repository)}/compare`
  const [from, to] = sides
  const short = (sha: string): string => `${repository.owner}:${sha.slice(0, 7)}`
  const body = {
    url: request.url,
    html_url: `${html}/${from}...${to}`,
    permalink_url: `${html}/${short(base)}...${short(head)}`,
    diff_url: `${html}/${from}...${to}.diff`,
    patch_url: `${html}/${from}...${to}.patch`,
    base_commit: commitShape(urls, repository, comparison.base),
    merge_base_commit: commitShape(urls, repository, comparison.mergeBase),
    status: comparison.status,
    ahead_by: comparison.aheadBy,
    behind_by: comparison.behindBy,
    total_commits: comparison.aheadBy,
    commits: commits.map((commit) => commitShape(urls, repository, commit)),
    files: files.map((file) => fileShape(urls, repository, head, file)),
  }
  return json(200, body, paged ? linkHeader(request.url, request.query, page, comparison.commits.length) : {})
}

export const compareEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/compare/:basehead+', handle: (request) => compareSides(deps, request) },
]
