import 'server-only'
import { type RateLimit, RESERVES } from '~/domain/github/rate-limit'
import { type GitHubAnswer, limitOf } from '~/server/github/answers'

export type Purpose = keyof typeof RESERVES

/**
 * The rate limit as GitHub's answers report it (REST API, "Rate limits"). Processes share what is left within ten seconds
 * (`createUsage`). A rate limit that this process exceeded is not shared with other processes.
 */
export interface GitHubRateLimit {
  readonly observe: (answer: Pick<GitHubAnswer, 'status' | 'headers'> & { readonly message?: string }) => void
  /** Until when requests for this purpose must wait; null when they may be sent. */
  readonly pausedUntil: (now: Date, purpose: Purpose) => Date | null
  /** The last report; null when there is none. */
  readonly latest: () => RateLimit | null
  /** Takes over a newer report from another process. */
  readonly learn: (reported: RateLimit) => void
}

export function createGitHubRateLimit(clock: () => number = Date.now): GitHubRateLimit {
  let limitedUntil = 0
  let last: RateLimit | null = null
  const store = (reported: RateLimit) => {
    last = reported
    if (reported.remaining === 0) limitedUntil = Math.max(limitedUntil, reported.resetAt.getTime())
  }
  return {
    observe({ status, headers, message = '' }) {
      const limited = limitOf({ status, headers, message, data: null, ofToken: false }, clock())
      if (limited !== null) limitedUntil = Math.max(limitedUntil, limited.until.getTime())
      const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
        Number(headers[`x-ratelimit-${name}`] ?? Number.NaN),
      )
      if (limit === undefined || remaining === undefined || reset === undefined) return
      if (!(remaining >= 0 && remaining < 1e9 && reset > 0 && reset < 1e11)) return
      store({
        limit: limit > 0 && limit < 1e9 ? Math.floor(limit) : 0,
        remaining: Math.floor(remaining),
        resetAt: new Date(reset * 1000),
        notedAt: new Date(clock()),
      })
    },
    pausedUntil(now, purpose) {
      const share = last === null ? 1 : last.remaining === 0 ? 0 : last.limit > 0 ? last.remaining / last.limit : 1
      const reserved = last !== null && share < RESERVES[purpose] ? last.resetAt.getTime() : 0
      const until = Math.max(limitedUntil, reserved)
      return now.getTime() < until ? new Date(until) : null
    },
    latest: () => last,
    learn(reported) {
      if (last === null || reported.notedAt > last.notedAt) store(reported)
    },
  }
}
