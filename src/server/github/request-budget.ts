import 'server-only'

/** GitHub's advice for a limit that names no time. */
const UNSPECIFIED_PAUSE_MS = 60_000

/** The part of an hour's requests that is left for what cannot wait. */
const RESERVE = 0.2

/**
 * What GitHub's answers say about how much more may be asked (REST API, "Rate limits"). Known to this process only: another
 * replica learns it from the first answer it gets itself.
 */
export interface RequestBudget {
  readonly note: (answer: { readonly status: number; readonly headers: Readonly<Record<string, unknown>> }) => void
  /** Until when nothing may be asked that can wait; null when there is no limit to respect. */
  readonly pausedUntil: (now: Date) => Date | null
  /** Until when little is left, and what nobody needs should not be asked; null when there is enough. */
  readonly scarceUntil: (now: Date) => Date | null
}

export function createRequestBudget(clock: () => number = Date.now): RequestBudget {
  let until = 0
  let scarceUntil = 0
  const pauseTo = (time: number) => {
    if (Number.isFinite(time)) until = Math.max(until, time)
  }
  return {
    note({ status, headers }) {
      const [limit, remaining] = [Number(headers['x-ratelimit-limit']), Number(headers['x-ratelimit-remaining'])]
      if (remaining < limit * RESERVE) scarceUntil = Number(headers['x-ratelimit-reset']) * 1000
      const refused = status === 429 || status === 403
      if (refused && headers['retry-after'] !== undefined) pauseTo(clock() + Number(headers['retry-after']) * 1000)
      else if (headers['x-ratelimit-remaining'] === '0') pauseTo(Number(headers['x-ratelimit-reset']) * 1000)
      else if (status === 429) pauseTo(clock() + UNSPECIFIED_PAUSE_MS)
    },
    pausedUntil: (now) => (now.getTime() < until ? new Date(until) : null),
    scarceUntil: (now) => (now.getTime() < scarceUntil ? new Date(scarceUntil) : null),
  }
}
