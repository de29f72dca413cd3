import 'server-only'
import type { Standing } from '~/domain/github/budget'
import { type GitHubAnswer, limitOf } from '~/server/github/answers'

/**
 * The part of an hour's requests that each purpose leaves for the ones below it. `act` is a dispatch or a cancel: these may
 * use every request there is.
 */
const RESERVES = { background: 0.3, people: 0.2, running: 0.1, act: 0 } as const
export type Purpose = keyof typeof RESERVES

/**
 * What GitHub's answers say about how much more may be asked (REST API, "Rate limits"). What was said to another process is
 * learnt within ten seconds (`createUsage`); a limit that an answer met is known to this one only.
 */
export interface RequestBudget {
  readonly note: (answer: Pick<GitHubAnswer, 'status' | 'headers'> & { readonly message?: string }) => void
  /** Until when nothing may be asked for this purpose; null when it may be. */
  readonly pausedUntil: (now: Date, purpose: Purpose) => Date | null
  /** What was said last; null when nothing was. */
  readonly standing: () => Standing | null
  /** What was said to another process, which counts when it is newer. */
  readonly learn: (standing: Standing) => void
}

export function createRequestBudget(clock: () => number = Date.now): RequestBudget {
  let limitedUntil = 0
  let said: Standing | null = null
  const take = (standing: Standing) => {
    said = standing
    if (standing.remaining === 0) limitedUntil = Math.max(limitedUntil, standing.resetAt.getTime())
  }
  return {
    note({ status, headers, message = '' }) {
      const limited = limitOf({ status, headers, message, data: null, ofToken: false }, clock())
      if (limited !== null) limitedUntil = Math.max(limitedUntil, limited.until.getTime())
      const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
        Number(headers[`x-ratelimit-${name}`] ?? Number.NaN),
      )
      if (limit === undefined || remaining === undefined || reset === undefined) return
      if (!(remaining >= 0 && remaining < 1e9 && reset > 0 && reset < 1e11)) return
      take({
        limit: limit > 0 && limit < 1e9 ? Math.floor(limit) : 0,
        remaining: Math.floor(remaining),
        resetAt: new Date(reset * 1000),
        notedAt: new Date(clock()),
      })
    },
    pausedUntil(now, purpose) {
      const share = said === null ? 1 : said.remaining === 0 ? 0 : said.limit > 0 ? said.remaining / said.limit : 1
      const reserved = said !== null && share < RESERVES[purpose] ? said.resetAt.getTime() : 0
      const until = Math.max(limitedUntil, reserved)
      return now.getTime() < until ? new Date(until) : null
    },
    standing: () => said,
    learn(standing) {
      if (said === null || standing.notedAt > said.notedAt) take(standing)
    },
  }
}
