import 'server-only'
import { LRUCache } from 'lru-cache'
import { AppError } from '~/domain/errors'
import type { Comparison } from '~/domain/surface/review'
import type { GitHub } from '~/server/github/client'
import { compareCommits } from '~/server/github/refs'

/** How long an answer is shared. */
const SHARED_MS = 3_000
const SHARED_AT_MOST = 500

interface Answer {
  readonly asked: Promise<unknown>
  /** Null while GitHub has not answered. */
  settledAt: number | null
}

const memories = new WeakMap<GitHub, LRUCache<string, Answer>>()

/**
 * Shares one request to GitHub among concurrent callers with the same key; with `keep`, also among callers in the next seconds. A
 * failure reaches the callers that wait for it and is not kept. In this process only.
 */
export function shareRead<Value>(
  github: GitHub,
  key: string,
  ask: () => Promise<Value>,
  { keep }: { readonly keep: boolean },
): Promise<Value> {
  const memory = memories.get(github) ?? new LRUCache<string, Answer>({ max: SHARED_AT_MOST })
  memories.set(github, memory)
  const known = memory.get(key)
  if (known !== undefined && (known.settledAt === null || (keep && performance.now() - known.settledAt < SHARED_MS))) {
    // The key determines the type of the answer.
    return known.asked as Promise<Value>
  }
  const asked = ask()
  const answer: Answer = { asked, settledAt: null }
  memory.set(key, answer)
  asked.then(
    () => {
      answer.settledAt = performance.now()
    },
    () => {
      if (memory.get(key) === answer) memory.delete(key)
    },
  )
  return asked
}

/** Null when GitHub does not answer. */
export const nullIfUnavailable = <Answer>(asked: Promise<Answer>): Promise<Answer | null> =>
  asked.catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'github_unavailable') return null
    throw error
  })

/** Commits do not change, so a recent answer is shared. */
export const comparisonOf = (
  github: GitHub,
  repository: string,
  base: string,
  head: string,
): Promise<Comparison | null> =>
  shareRead(github, `compare ${repository} ${base} ${head}`, () => compareBothWays(github, repository, base, head), {
    keep: true,
  })

/** GitHub lists only the commits that `head` adds. The removed commits come from the reverse comparison. */
async function compareBothWays(github: GitHub, repository: string, base: string, head: string) {
  const comparison = await compareCommits(github, repository, base, head)
  if (comparison === null || comparison.removes === 0) return comparison
  const back = await compareCommits(github, repository, head, base)
  return { ...comparison, removed: back?.commits ?? [] }
}
