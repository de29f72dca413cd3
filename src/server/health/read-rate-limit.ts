import 'server-only'
import { type KindUsage, type RateLimitState, REQUEST_KINDS, type RequestKind } from '~/domain/github/rate-limit'
import type { Deps } from '~/server/deps'
import { findRateLimit, sumUsage } from '~/server/github/request-usage'

const HOUR_MS = 3_600_000

/** GitHub's rate limit, and the requests of all processes by kind. */
export async function readRateLimit({ db, github, now }: Pick<Deps, 'db' | 'github' | 'now'>): Promise<RateLimitState> {
  await github.usage.flush()
  const at = now()
  const thisHour = at.getTime() - (at.getTime() % HOUR_MS)
  const [rateLimit, lastHours, lastDay] = await Promise.all([
    findRateLimit(db, github.credentials),
    sumUsage(db, new Date(thisHour - HOUR_MS)),
    sumUsage(db, new Date(thisHour - 23 * HOUR_MS)),
  ])
  return {
    rateLimit:
      rateLimit === null || rateLimit.resetAt <= at
        ? null
        : { ...rateLimit, resetAt: rateLimit.resetAt.toISOString(), notedAt: rateLimit.notedAt.toISOString() },
    lastHours: inOrder(lastHours),
    lastDay: inOrder(lastDay),
  }
}

const isKind = (name: string): name is RequestKind => Object.hasOwn(REQUEST_KINDS, name)
const KINDS = Object.keys(REQUEST_KINDS).filter(isKind)

const inOrder = (sums: Awaited<ReturnType<typeof sumUsage>>): KindUsage[] =>
  KINDS.flatMap((kind) => {
    const sum = sums.get(kind)
    return sum === undefined ? [] : [{ kind, ...sum }]
  })
