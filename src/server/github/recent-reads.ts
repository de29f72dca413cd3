import 'server-only'
import { LRUCache } from 'lru-cache'
import type { GitHub } from '~/server/github/client'

/** How long an answer is good for whoever else opens the same choice. */
const KEPT_MS = 3_000
/** Distinct questions that are remembered at once. */
const KEPT = 500

interface Answer {
  readonly asked: Promise<unknown>
  /** Null while GitHub has not answered. */
  settledAt: number | null
}

const memories = new WeakMap<GitHub, LRUCache<string, Answer>>()

/**
 * One request to GitHub for all who ask the same at once; with `keep`, also for who asks within the next seconds. A failure
 * is told to those who waited for it, and not kept. In this process only.
 */
export function askedOnce<Value>(
  github: GitHub,
  key: string,
  ask: () => Promise<Value>,
  { keep }: { readonly keep: boolean },
): Promise<Value> {
  const memory = memories.get(github) ?? new LRUCache<string, Answer>({ max: KEPT })
  memories.set(github, memory)
  const known = memory.get(key)
  if (known !== undefined && (known.settledAt === null || (keep && performance.now() - known.settledAt < KEPT_MS))) {
    // The key names the question and with it the type of its answer.
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
