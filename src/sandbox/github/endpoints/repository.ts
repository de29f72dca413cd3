import { logCommits, readCommit } from '~/sandbox/git/commits'
import {
  type GitRef,
  listBranches,
  listGitRefs,
  listTags,
  type NamedRef,
  readTagObject,
  resolveCommit,
  resolveNamedRef,
} from '~/sandbox/git/refs'
import { readFileAt } from '~/sandbox/git/repository'
import { type ApiDeps, type ApiRequest, apiError, type Endpoint, notFound } from '~/sandbox/github/endpoint'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'
import { commitShape } from '~/sandbox/github/shapes/commit'
import { fullRepositoryShape, repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { type Answer, json } from '~/sandbox/http/answer'

const getRepository = async ({ repository, urls }: ApiDeps): Promise<Answer> => {
  const commits = await logCommits(repository, `refs/heads/${repository.defaultBranch}`, { limit: 1000 })
  const createdAt = commits.at(-1)?.committer.date ?? ''
  const pushedAt = commits.at(0)?.committer.date ?? ''
  return json(200, fullRepositoryShape(urls, repository, { createdAt, pushedAt }))
}

export const repositoryEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '', handle: () => getRepository(deps) },
  { method: 'GET', pattern: '/contents/:path+', handle: (request) => getContents(deps, request) },
]

/** One file. GitHub breaks the base64 of its content into lines. */
const getContents = async ({ repository, urls }: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const path = request.param('path')
  const ref = request.query.get('ref') ?? repository.defaultBranch
  const commit = await resolveCommit(repository, ref)
  if (commit === undefined) return apiError(404, `No commit found for the ref ${ref}`)
  const file = await readFileAt(repository, commit, path)
  if (file === undefined) return notFound()
  const url = `${repositoryUrl(urls, repository)}/contents/${path}?ref=${encodeURIComponent(ref)}`
  const gitUrl = `${repositoryUrl(urls, repository)}/git/blobs/${file.sha}`
  const page = `${repositoryPage(urls, repository)}/blob/${ref}/${path}`
  const content = Buffer.from(file.text)
  return json(200, {
    type: 'file',
    encoding: 'base64',
    size: content.length,
    name: path.split('/').at(-1),
    path,
    content: content.toString('base64').replaceAll(/.{1,60}/g, '$&\n'),
    sha: file.sha,
    url,
    git_url: gitUrl,
    html_url: page,
    download_url: `${repositoryPage(urls, repository)}/raw/${ref}/${path}`,
    _links: { self: url, git: gitUrl, html: page },
  })
}

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

const answerBranches = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const wanted = request.query.get('protected')
  const shapes = (await listBranches(deps.repository))
    .map((branch) => ({ name: branch.name, commit: commitRef(deps, branch), ...protectionOf(deps, branch.name) }))
    .filter((branch) => wanted === null || String(branch.protected) === wanted)
  const page = pageOf(request.query)
  return json(200, pageItems(shapes, page), linkHeader(request.url, request.query, page, shapes.length))
}

const getBranch = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
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

const answerTags = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
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
  { method: 'GET', pattern: '/branches', handle: (request) => answerBranches(deps, request) },
  { method: 'GET', pattern: '/branches/:branch+', handle: (request) => getBranch(deps, request) },
  { method: 'GET', pattern: '/tags', handle: (request) => answerTags(deps, request) },
]

const objectShape = ({ repository, urls }: ApiDeps, { type, sha }: GitRef['object']) => ({
  type,
  sha,
  url: `${repositoryUrl(urls, repository)}/git/${type}s/${sha}`,
})

const refShape = (deps: ApiDeps, { ref, object }: GitRef) => ({
  ref,
  node_id: Buffer.from(ref).toString('base64url'),
  url: `${repositoryUrl(deps.urls, deps.repository)}/git/${ref}`,
  object: objectShape(deps, object),
})

const getRef = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const wanted = `refs/${request.param('ref')}`
  const found = (await listGitRefs(deps.repository)).find(({ ref }) => ref === wanted)
  return found === undefined ? notFound() : json(200, refShape(deps, found))
}

/** GitHub answers every ref with the prefix on one page. */
const listMatchingRefs = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const prefix = `refs/${request.param('ref')}`
  const refs = await listGitRefs(deps.repository)
  return json(
    200,
    refs.filter(({ ref }) => ref.startsWith(prefix)).map((ref) => refShape(deps, ref)),
  )
}

const getTag = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const sha = request.param('sha')
  const found = await readTagObject(deps.repository, sha)
  if (found === undefined) return notFound()
  return json(200, {
    node_id: Buffer.from(sha).toString('base64url'),
    sha,
    url: `${repositoryUrl(deps.urls, deps.repository)}/git/tags/${sha}`,
    ...found,
    object: objectShape(deps, found.object),
    verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
  })
}

export const gitRefEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/git/ref/:ref+', handle: (request) => getRef(deps, request) },
  { method: 'GET', pattern: '/git/matching-refs/:ref+', handle: (request) => listMatchingRefs(deps, request) },
  { method: 'GET', pattern: '/git/tags/:sha', handle: (request) => getTag(deps, request) },
]
