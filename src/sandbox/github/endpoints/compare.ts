import { compareCommits } from '~/sandbox/git/compare'
import { resolveCommit } from '~/sandbox/git/refs'
import type { ApiDeps } from '~/sandbox/github/api-deps'
import { notFound } from '~/sandbox/github/api-error'
import type { ApiRequest, Endpoint } from '~/sandbox/github/endpoints/endpoint'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { commitShape, fileShape } from '~/sandbox/github/shapes/commit'
import { repositoryPage } from '~/sandbox/github/shapes/repository'
import { type Answer, json } from '~/sandbox/http/answer'

/** `base...head`; GitHub also takes `owner:branch` on either side, of which this repository knows its own. */
const sidesOf = (basehead: string, owner: string): readonly [string, string] | undefined => {
  const [base = '', head = '', ...more] = basehead.split('...')
  if (base === '' || head === '' || more.length > 0) return undefined
  const own = (side: string): string => (side.startsWith(`${owner}:`) ? side.slice(owner.length + 1) : side)
  return [own(base), own(head)]
}

const compare = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const { repository, urls } = deps
  const sides = sidesOf(request.param('basehead'), repository.owner)
  if (!sides) return notFound()
  const [base, head] = await Promise.all(sides.map((side) => resolveCommit(repository, side)))
  const comparison = base && head ? await compareCommits(repository, base, head) : undefined
  if (!base || !head || !comparison) return notFound()

  // Without paging GitHub answers up to 250 commits at once; with it, pages of them, the files on the first only.
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
  { method: 'GET', pattern: '/compare/:basehead+', handle: (request) => compare(deps, request) },
]
