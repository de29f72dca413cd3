import type { Endpoint } from '~/sandbox/github/endpoints/endpoint'
import type { RateLimit } from '~/sandbox/github/rate-limit'
import { json } from '~/sandbox/http/answer'

export const metaEndpoints = (rateLimit: RateLimit): Endpoint[] => [
  { method: 'GET', pattern: '//rate_limit', handle: () => json(200, rateLimit.body()) },
  {
    method: 'GET',
    pattern: '//meta',
    // GitHub Enterprise Server names its version here, and clients look for it.
    handle: () => json(200, { verifiable_password_authentication: false, installed_version: '3.19.0' }),
  },
]
