import 'server-only'
import { type BudgetState, type KindUsage, REQUEST_KINDS, type RequestKind } from '~/domain/github/budget'
import type { Deps } from '~/server/deps'
import { findStanding, sumUsage } from '~/server/github/request-usage'

const HOUR_MS = 3_600_000

/** GitHub's rate limit, and the requests of all processes by kind. */
export async function readBudget({ db, github, now }: Pick<Deps, 'db' | 'github' | 'now'>): Promise<BudgetState> {
  await github.usage.flush()
  const at = now()
  const thisHour = at.getTime() - (at.getTime() % HOUR_MS)
  const [standing, lastHours, lastDay] = await Promise.all([
    findStanding(db, github.credentials),
    sumUsage(db, new Date(thisHour - HOUR_MS)),
    sumUsage(db, new Date(thisHour - 23 * HOUR_MS)),
  ])
  return {
    standing:
      standing === null || standing.resetAt <= at
        ? null
        : { ...standing, resetAt: standing.resetAt.toISOString(), notedAt: standing.notedAt.toISOString() },
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
