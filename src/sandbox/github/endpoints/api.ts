import { hash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { fullNameOf } from '~/sandbox/git/repository'
import type { ApiDeps, Endpoint, Urls } from '~/sandbox/github/endpoint'
import { apiError, apiVersionOf, badCredentials, notAuthenticated, notFound } from '~/sandbox/github/endpoint'
import { checkEndpoints, commitEndpoints, compareEndpoints } from '~/sandbox/github/endpoints/commits'
import { concurrencyEndpoints } from '~/sandbox/github/endpoints/concurrency'
import { deploymentEndpoints } from '~/sandbox/github/endpoints/deployments'
import { pullEndpoints } from '~/sandbox/github/endpoints/pulls'
import { branchEndpoints, gitRefEndpoints, repositoryEndpoints } from '~/sandbox/github/endpoints/repository'
import { jobEndpoints, runControlEndpoints, workflowRunEndpoints } from '~/sandbox/github/endpoints/runs'
import { variableEndpoints } from '~/sandbox/github/endpoints/variables'
import { dispatchEndpoints, workflowEndpoints } from '~/sandbox/github/endpoints/workflows'
import { createRateLimit, metaEndpoints } from '~/sandbox/github/rate-limit'
import type { Answer } from '~/sandbox/http/answer'
import { bearerOf, readJson, sameSecret } from '~/sandbox/http/incoming-request'
import { createRouter, type Match } from '~/sandbox/http/router'

const PREFIX = '/api/v3'

const endpointsOf = (deps: ApiDeps): Endpoint[] => [
  ...repositoryEndpoints(deps),
  ...dispatchEndpoints(deps),
  ...workflowRunEndpoints(deps),
  ...deploymentEndpoints(deps),
  ...concurrencyEndpoints(deps),
  ...workflowEndpoints(deps),
  ...jobEndpoints(deps),
  ...runControlEndpoints(deps),
  ...variableEndpoints(deps),
  ...checkEndpoints(deps),
  ...commitEndpoints(deps),
  ...compareEndpoints(deps),
  ...branchEndpoints(deps),
  ...gitRefEndpoints(deps),
  ...pullEndpoints(deps),
]

const authenticate = (request: IncomingMessage, token: string): Answer | undefined => {
  if (request.headers.authorization === undefined) return notAuthenticated()
  const given = bearerOf(request.headers.authorization)
  return given !== undefined && sameSecret(given, token) ? undefined : badCredentials()
}

interface ApiMatch {
  /** The endpoint's method and pattern, by which a fault names it. `undefined` if no endpoint matches. */
  readonly name: string | undefined
  readonly answer: () => Promise<Answer>
}

/** GitHub's REST API for some repositories. Checks the version first, then the token, the rate limit and the path. */
export const createApi = (repositories: readonly ApiDeps[], urls: Urls, token: string) => {
  const rateLimit = createRateLimit()
  const named = (prefix: string) => (endpoint: Endpoint) => ({
    ...endpoint,
    name: `${endpoint.method} ${endpoint.pattern}`,
    pattern: `${prefix}${endpoint.pattern}`,
  })
  const route = createRouter([
    ...metaEndpoints(rateLimit).map(named(PREFIX)),
    ...repositories.flatMap((deps) => endpointsOf(deps).map(named(`${PREFIX}/repos/${fullNameOf(deps.repository)}`))),
  ])

  /** Answers 304 if the client has the current ETag. GitHub does not count such a request. */
  const withEtag = (answered: Answer, known: string | undefined): Answer => {
    const etag = `W/"${hash('sha256', answered.body ?? '')}"`
    const headers: Record<string, string> = { ...answered.headers, etag }
    if (known !== etag) return { ...answered, headers }
    rateLimit.giveBack()
    const { 'content-type': _, ...others } = headers
    return { status: 304, headers: others }
  }

  const answer = async (raw: IncomingMessage, match: Match<Endpoint> | undefined): Promise<Answer> => {
    const versionHeader = raw.headers['x-github-api-version']
    const version = apiVersionOf(Array.isArray(versionHeader) ? versionHeader[0] : versionHeader)
    if (typeof version !== 'string') return version
    const refused = authenticate(raw, token)
    if (refused) return refused
    const counts = match?.request.path.endsWith('/rate_limit') !== true
    if (counts && !rateLimit.take()) {
      return apiError(403, 'API rate limit exceeded for user ID 21480655.')
    }
    if (!match) return notFound()
    const body = match.route.method === 'GET' ? undefined : await readJson(raw)
    const url = `${urls.web}${match.request.path}`
    const answered = await match.route.handle({ ...match.request, version, url, body })
    const headers = { ...answered.headers, 'x-github-api-version-selected': version }
    return counts && match.route.method === 'GET' && answered.status === 200
      ? withEtag({ ...answered, headers }, raw.headers['if-none-match'])
      : { ...answered, headers }
  }

  return (raw: IncomingMessage, path: string, query: URLSearchParams): ApiMatch => {
    const match = route(raw, path, query)
    return {
      name: match?.route.name,
      answer: async () => {
        const answered = await answer(raw, match)
        const common = {
          'x-github-request-id': randomBytes(10).toString('hex').toUpperCase(),
          'x-github-media-type': 'github.v3; format=json',
          ...rateLimit.headers(),
        }
        return { ...answered, headers: { ...common, ...answered.headers } }
      },
    }
  }
}
