import { type Commit, logCommits } from '~/sandbox/git/commits'
import type { ApiDeps, ApiRequest, Endpoint } from '~/sandbox/github/endpoint'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { fullRepositoryShape, repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { nodeIdOf, userByEmail, userShape } from '~/sandbox/github/shapes/user'
import { type Answer, json } from '~/sandbox/http/answer'
import { tokenOwner } from '~/sandbox/samples/people'

/** The sample repositories squash: a commit whose title ends with a number brought in the pull request of that number. */
const NUMBERED = /^(?<title>.*) \(#(?<number>[1-9]\d{0,5})\)$/

const pullShape = ({ repository, urls }: ApiDeps, commit: Commit) => {
  const { title = '', number = '' } = NUMBERED.exec(commit.message.split('\n', 1)[0] ?? '')?.groups ?? {}
  if (number === '') return []
  const url = `${repositoryUrl(urls, repository)}/pulls/${number}`
  const issue = `${repositoryUrl(urls, repository)}/issues/${number}`
  const page = `${repositoryPage(urls, repository)}/pull/${number}`
  const statuses = `${repositoryUrl(urls, repository)}/statuses/${commit.sha}`
  const at = commit.committer.date
  const user = userByEmail(urls, commit.author.email)
  const repo = fullRepositoryShape(urls, repository, { createdAt: at, pushedAt: at })
  const side = (ref: string, sha: string) => {
    return { label: `${repository.owner}:${ref}`, ref, sha, repo, user: userShape(urls, tokenOwner) }
  }
  const links = {
    self: url,
    html: page,
    issue,
    comments: `${issue}/comments`,
    review_comments: `${url}/comments`,
    review_comment: `${repositoryUrl(urls, repository)}/pulls/comments{/number}`,
    commits: `${url}/commits`,
    statuses,
  }
  const shape = {
    url,
    id: 2_000_000_000 + Number(number),
    node_id: nodeIdOf('PR_', Number(number)),
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issue,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: statuses,
    number: Number(number),
    state: 'closed',
    locked: false,
    title,
    user,
    body: null,
    labels: [],
    milestone: null,
    active_lock_reason: null,
    created_at: at,
    updated_at: at,
    closed_at: at,
    merged_at: at,
    merge_commit_sha: commit.sha,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: side(`change-${number}`, commit.sha),
    base: side(repository.defaultBranch, commit.parents[0] ?? commit.sha),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: 'MEMBER',
    auto_merge: null,
    draft: false,
  }
  return [shape]
}

/** Newest first, as GitHub sorts them by default and by `updated`. All of them are merged, so none is open. */
const listPulls = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const { repository } = deps
  const state = request.query.get('state') ?? 'open'
  const commits = await logCommits(repository, `refs/heads/${repository.defaultBranch}`, { limit: 1000 })
  const all = state === 'open' ? [] : commits.flatMap((commit) => pullShape(deps, commit))
  const page = pageOf(request.query)
  return json(200, pageItems(all, page), linkHeader(request.url, request.query, page, all.length))
}

export const pullEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/pulls', handle: (request) => listPulls(deps, request) },
]
