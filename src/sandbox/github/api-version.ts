import { apiError } from '~/sandbox/github/api-error'
import type { Answer } from '~/sandbox/http/answer'

const VERSIONS = ['2026-03-10', '2022-11-28'] as const
export type ApiVersion = (typeof VERSIONS)[number]

const DEFAULT_VERSION: ApiVersion = '2022-11-28'

const list = VERSIONS.map((version, index) => `"${version}"${index === 0 ? ' (most recent)' : ''}`).join(', ')

/**
 * The version of the REST API a request asks for; without the header the oldest supported one.
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
