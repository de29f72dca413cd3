import type { ApiVersion } from '~/sandbox/github/api-version'
import type { Answer } from '~/sandbox/http/answer'
import type { Request, Route } from '~/sandbox/http/router'

export interface ApiRequest extends Request {
  readonly version: ApiVersion
  /** Address of this request without its query, for `Link`. */
  readonly url: string
  /** `undefined` when the body is no JSON. */
  readonly body: unknown
}

/** An endpoint below `/repos/{owner}/{repo}`, or from the root when `pattern` starts with `//`. */
export interface Endpoint {
  readonly method: Route['method']
  readonly pattern: string
  readonly handle: (request: ApiRequest) => Answer | Promise<Answer>
}
