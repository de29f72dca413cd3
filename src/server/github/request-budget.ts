import 'server-only'
import { RESERVES, type Standing } from '~/domain/github/budget'
import { type GitHubAnswer, limitOf } from '~/server/github/answers'

export type Purpose = keyof typeof RESERVES

/**
 * The rate limit as GitHub's answers report it (REST API, "Rate limits"). Processes share what is left within ten seconds
 * (`createUsage`). A limit that an answer exceeded is known to this process only.
 */
export interface RequestBudget {
  readonly observe: (answer: Pick<GitHubAnswer, 'status' | 'headers'> & { readonly message?: string }) => void
  /** Until when requests for this purpose must wait; null when they may be sent. */
  readonly pausedUntil: (now: Date, purpose: Purpose) => Date | null
  /** The last report; null when there is none. */
  readonly standing: () => Standing | null
  /** Takes over a newer report from another process. */
  readonly learn: (standing: Standing) => void
}

export function createRequestBudget(clock: () => number = Date.now): RequestBudget {
  let limitedUntil = 0
  let last: Standing | null = null
  const store = (standing: Standing) => {
    last = standing
    if (standing.remaining === 0) limitedUntil = Math.max(limitedUntil, standing.resetAt.getTime())
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
    standing: () => last,
    learn(standing) {
      if (last === null || standing.notedAt > last.notedAt) store(standing)
    },
  }
}
