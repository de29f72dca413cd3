import 'server-only'
import type { GitHub } from '~/server/github/client'

/** How long an answer is good for whoever else opens the same choice. */
const KEPT_MS = 3_000
/** Distinct questions that are remembered at once; beyond, the oldest goes. */
const KEPT = 500

interface Answer {
  readonly asked: Promise<unknown>
  /** Null while GitHub has not answered. */
  settledAt: number | null
}

const memories = new WeakMap<GitHub, Map<string, Answer>>()

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
  const memory = memoryOf(github)
  const known = memory.get(key)
  if (known !== undefined && (known.settledAt === null || (keep && performance.now() - known.settledAt < KEPT_MS))) {
    // The key names the question and with it the type of its answer.
    return known.asked as Promise<Value>
  }
  const asked = ask()
  const answer: Answer = { asked, settledAt: null }
  memory.delete(key)
  memory.set(key, answer)
  asked.then(
    () => {
      answer.settledAt = performance.now()
    },
    () => {
      if (memory.get(key) === answer) memory.delete(key)
    },
  )
  forgetOldest(memory)
  return asked
}

function memoryOf(github: GitHub): Map<string, Answer> {
  const memory = memories.get(github) ?? new Map<string, Answer>()
  memories.set(github, memory)
  return memory
}

function forgetOldest(memory: Map<string, Answer>): void {
  if (memory.size <= KEPT) return
  for (const oldest of memory.keys()) return void memory.delete(oldest)
}
