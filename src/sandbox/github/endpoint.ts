import type { Repository } from '~/sandbox/git/repository'
import type { LogLinks } from '~/sandbox/github/log-links'
import { type Answer, json } from '~/sandbox/http/answer'
import type { Request, Route } from '~/sandbox/http/router'
import type { PendingDeployments } from '~/sandbox/runs/pending-deployments'
import type { RunService } from '~/sandbox/runs/run-service'
import type { RunStore } from '~/sandbox/runs/run-store'
import type { Environments } from '~/sandbox/state/environments'
import type { Variables } from '~/sandbox/state/variables'

/** `api` ends in `/api/v3`. `web` is the origin of the pages. Neither ends in a slash. */
export interface Urls {
  readonly api: string
  readonly web: string
}

export interface ApiDeps {
  readonly urls: Urls
  readonly repository: Repository
  readonly store: RunStore
  readonly runs: RunService
  readonly variables: Variables
  readonly environments: Environments
  readonly pending: PendingDeployments
  readonly linkToLog: LogLinks['linkTo']
}

const VERSIONS = ['2026-03-10', '2022-11-28'] as const
type ApiVersion = (typeof VERSIONS)[number]

const DEFAULT_VERSION: ApiVersion = '2022-11-28'

const list = VERSIONS.map((version, index) => `"${version}"${index === 0 ? ' (most recent)' : ''}`).join(', ')

/**
 * The REST API version of a request. Without the header, the oldest supported version applies.
 * https://docs.github.com/rest/about-the-rest-api/api-versions
 */
export const apiVersionOf = (header: string | undefined): ApiVersion | Answer => {
  if (header === undefined) return DEFAULT_VERSION
  return (
    VERSIONS.find((version) => version === header) ??
    apiError(
      400,
      `The version you specified in the "X-GitHub-API-Version" request header, ${JSON.stringify(header)}, is not a supported version. The following versions are currently supported: ${list}.\n`,
    )
  )
}

export interface ApiRequest extends Request {
  readonly version: ApiVersion
  /** The request's address without its query, for `Link`. */
  readonly url: string
  /** `undefined` if the body is not JSON. */
  readonly body: unknown
}

/** An endpoint below `/repos/{owner}/{repo}`, or below the root of the API. */
export interface Endpoint {
  readonly method: Route['method']
  readonly pattern: string
  readonly handle: (request: ApiRequest) => Answer | Promise<Answer>
}

const DOCUMENTATION = 'https://docs.github.com/rest'

/** GitHub's error body: `message`, `documentation_url` and, since 2024, the status as text. */
export const apiError = (status: number, message: string, documentationUrl: string = DOCUMENTATION): Answer =>
  json(status, { message, documentation_url: documentationUrl, status: String(status) })

export const notFound = (): Answer => apiError(404, 'Not Found')

export const badCredentials = (): Answer => apiError(401, 'Bad credentials')

/** GitHub Enterprise Server in private mode answers this to a request without a token. */
export const notAuthenticated = (): Answer => apiError(401, 'Must authenticate to access this API.')

export const noCommitFor = (ref: string): Answer => apiError(422, `No commit found for SHA: ${ref}`)
