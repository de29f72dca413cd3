import { changedFiles } from '~/sandbox/git/changed-files'
import { countCommits, logCommits, readCommit } from '~/sandbox/git/commits'
import { resolveCommit } from '~/sandbox/git/refs'
import { personByLogin } from '~/sandbox/git/sample-people'
import type { ApiDeps } from '~/sandbox/github/api-deps'
import { apiError, noCommitFor, notFound } from '~/sandbox/github/api-error'
import type { ApiRequest, Endpoint } from '~/sandbox/github/endpoints/endpoint'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { commitShape, fileShape } from '~/sandbox/github/shapes/commit'
import { type Answer, json, text } from '~/sandbox/http/answer'

const given = <K extends string>(key: K, value: string | null): Partial<Record<K, string>> => {
  const entry: Partial<Record<K, string>> = {}
  if (value !== null && value !== '') entry[key] = value
  return entry
}

const isTime = (value: string | null): boolean => value === null || !Number.isNaN(Date.parse(value))

const list = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
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

const get = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
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
  { method: 'GET', pattern: '/commits', handle: (request) => list(deps, request) },
  { method: 'GET', pattern: '/commits/:ref+', handle: (request) => get(deps, request) },
]
