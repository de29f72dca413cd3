import { type GitRef, listGitRefs, readTagObject } from '~/sandbox/git/refs'
import type { ApiDeps } from '~/sandbox/github/api-deps'
import { notFound } from '~/sandbox/github/api-error'
import type { ApiRequest, Endpoint } from '~/sandbox/github/endpoints/endpoint'
import { repositoryUrl } from '~/sandbox/github/shapes/repository'
import { type Answer, json } from '~/sandbox/http/answer'

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

const get = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const wanted = `refs/${request.param('ref')}`
  const found = (await listGitRefs(deps.repository)).find(({ ref }) => ref === wanted)
  return found === undefined ? notFound() : json(200, refShape(deps, found))
}

/** Not paged: GitHub answers with every ref whose name starts so. */
const matching = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
  const prefix = `refs/${request.param('ref')}`
  const refs = await listGitRefs(deps.repository)
  return json(
    200,
    refs.filter(({ ref }) => ref.startsWith(prefix)).map((ref) => refShape(deps, ref)),
  )
}

const tag = async (deps: ApiDeps, request: ApiRequest): Promise<Answer> => {
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
  { method: 'GET', pattern: '/git/ref/:ref+', handle: (request) => get(deps, request) },
  { method: 'GET', pattern: '/git/matching-refs/:ref+', handle: (request) => matching(deps, request) },
  { method: 'GET', pattern: '/git/tags/:sha', handle: (request) => tag(deps, request) },
]
