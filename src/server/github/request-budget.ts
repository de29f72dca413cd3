import 'server-only'
import { type GitHubAnswer, limitOf } from '~/server/github/answers'

/**
 * The part of an hour's requests that each purpose leaves for the ones below it. `act` is a dispatch or a cancel: these may
 * use every request there is.
 */
const RESERVES = { background: 0.3, people: 0.2, running: 0.1, act: 0 } as const
export type Purpose = keyof typeof RESERVES

/**
 * What GitHub's answers say about how much more may be asked (REST API, "Rate limits"). Known to this process only: another
 * replica learns it from the first answer it gets itself.
 */
export interface RequestBudget {
  readonly note: (answer: Pick<GitHubAnswer, 'status' | 'headers'> & { readonly message?: string }) => void
  /** Until when nothing may be asked for this purpose; null when it may be. */
  readonly pausedUntil: (now: Date, purpose: Purpose) => Date | null
}

export function createRequestBudget(clock: () => number = Date.now): RequestBudget {
  let limitedUntil = 0
  let share = 1
  let reset = 0
  return {
    note({ status, headers, message = '' }) {
      const limited = limitOf({ status, headers, message, data: null, ofToken: false }, clock())
      if (limited !== null) limitedUntil = Math.max(limitedUntil, limited.until.getTime())
      const [limit, remaining, resetAt] = ['limit', 'remaining', 'reset'].map((name) =>
        Number(headers[`x-ratelimit-${name}`] ?? Number.NaN),
      )
      if (limit === undefined || remaining === undefined || resetAt === undefined) return
      if (!(remaining >= 0 && resetAt > 0 && resetAt < 1e11)) return
      share = remaining === 0 ? 0 : limit > 0 ? remaining / limit : 1
      reset = resetAt * 1000
      if (remaining === 0) limitedUntil = Math.max(limitedUntil, reset)
    },
    pausedUntil(now, purpose) {
      const reserved = share < RESERVES[purpose] ? reset : 0
      const until = Math.max(limitedUntil, reserved)
      return now.getTime() < until ? new Date(until) : null
    },
  }
}
