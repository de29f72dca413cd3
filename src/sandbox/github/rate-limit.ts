import type { Endpoint } from '~/sandbox/github/endpoint'
import { json } from '~/sandbox/http/answer'

const LIMIT = 5_000
const HOUR_S = 3_600

export interface RateLimit {
  /** Counts one request. Returns false if the rate limit is exceeded. */
  readonly take: () => boolean
  /** Takes back the last count. An answer of 304 does not count. */
  readonly giveBack: () => void
  readonly headers: () => Record<string, string>
  readonly body: () => Record<string, unknown>
}

/** GitHub's primary rate limit: 5,000 requests an hour for a token. */
export const createRateLimit = (now: () => number = () => Math.floor(Date.now() / 1000)): RateLimit => {
  let used = 0
  let reset = now() + HOUR_S
  const roll = (): void => {
    if (now() < reset) return
    used = 0
    reset = now() + HOUR_S
  }
  const core = () => ({ limit: LIMIT, used, remaining: LIMIT - used, reset })
  return {
    take: () => {
      roll()
      if (used >= LIMIT) return false
      used += 1
      return true
    },
    giveBack: () => {
      used = Math.max(0, used - 1)
    },
    headers: () => ({
      'x-ratelimit-limit': String(LIMIT),
      'x-ratelimit-remaining': String(LIMIT - used),
      'x-ratelimit-reset': String(reset),
      'x-ratelimit-used': String(used),
      'x-ratelimit-resource': 'core',
    }),
    body: () => {
      roll()
      const search = { limit: 30, used: 0, remaining: 30, reset: now() + 60 }
      return { resources: { core: core(), search }, rate: core() }
    },
  }
}

export const metaEndpoints = (rateLimit: RateLimit): Endpoint[] => [
  { method: 'GET', pattern: '/rate_limit', handle: () => json(200, rateLimit.body()) },
  {
    method: 'GET',
    pattern: '/meta',
    // Clients recognise GitHub Enterprise Server by this version.
    handle: () => json(200, { verifiable_password_authentication: false, installed_version: '3.19.0' }),
  },
]
