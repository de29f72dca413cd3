import { readCommit } from '~/sandbox/git/commits'
import { listBranches, listTags, type NamedRef, resolveNamedRef } from '~/sandbox/git/refs'
import type { ApiDeps } from '~/sandbox/github/api-deps'
import { apiError } from '~/sandbox/github/api-error'
import type { ApiRequest, Endpoint } from '~/sandbox/github/endpoints/endpoint'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { commitShape } from '~/sandbox/github/shapes/commit'
import { repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { type Answer, json } from '~/sandbox/http/answer'

const protectionOf = ({ repository, urls }: ApiDeps, name: string) => {
  const isProtected = name === repository.defaultBranch
  return {
    protected: isProtected,
    protection: {
      enabled: isProtected,
      required_status_checks: { enforcement_level: isProtected ? 'non_admins' : 'off', contexts: [], checks: [] },
    },
    protection_url: `${repositoryUrl(urls, repository)}/branches/${encodeURIComponent(name)}/protection`,
  }
}

const commitRef = ({ repository, urls }: ApiDeps, { sha }: NamedRef) => ({
  sha,
  url: `${repositoryUrl(urls, repository)}/commits/${sha}`,
})

const list = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const wanted = request.query.get('protected')
  const shapes = (await listBranches(deps.repository))
    .map((branch) => ({ name: branch.name, commit: commitRef(deps, branch), ...protectionOf(deps, branch.name) }))
    .filter((branch) => wanted === null || String(branch.protected) === wanted)
  const page = pageOf(request.query)
  return json(200, pageItems(shapes, page), linkHeader(request.url, request.query, page, shapes.length))
}

const get = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const { repository, urls } = deps
  const name = request.param('branch')
  const ref = await resolveNamedRef(repository, `refs/heads/${name}`)
  if (!ref) return apiError(404, 'Branch not found', 'https://docs.github.com/rest/branches/branches#get-a-branch')
  return json(200, {
    name,
    commit: commitShape(urls, repository, await readCommit(repository, ref.sha)),
    _links: {
      self: `${repositoryUrl(urls, repository)}/branches/${encodeURIComponent(name)}`,
      html: `${repositoryPage(urls, repository)}/tree/${name}`,
    },
    ...protectionOf(deps, name),
  })
}

const tags = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const url = repositoryUrl(deps.urls, deps.repository)
  const all = await listTags(deps.repository)
  const page = pageOf(request.query)
  const shapes = pageItems(all, page).map((tag) => ({
    name: tag.name,
    zipball_url: `${url}/zipball/refs/tags/${tag.name}`,
    tarball_url: `${url}/tarball/refs/tags/${tag.name}`,
    commit: commitRef(deps, tag),
    node_id: Buffer.from(`REF_${tag.name}`).toString('base64url'),
  }))
  return json(200, shapes, linkHeader(request.url, request.query, page, all.length))
}

export const branchEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/branches', handle: (request) => list(deps, request) },
  { method: 'GET', pattern: '/branches/:branch+', handle: (request) => get(deps, request) },
  { method: 'GET', pattern: '/tags', handle: (request) => tags(deps, request) },
]
