import 'server-only'
import { hash } from 'node:crypto'
import type { Actor } from '~/domain/actor'

/** A poll may use an answer this old: a role changed by another replica takes so long to reach what somebody sees. */
const RECENT_MS = 10_000
/** Windows that are open at once; beyond, the oldest answer goes. */
const KEPT = 10_000

interface Answer {
  readonly actor: Actor
  readonly at: number
}

interface Memory {
  readonly answers: Map<string, Answer>
  /** Counts what was forgotten, so that an answer read before is not kept after. */
  forgotten: number
}

const shared = globalThis as typeof globalThis & { deployConsoleAnswers?: Memory }

function memory(): Memory {
  shared.deployConsoleAnswers ??= { answers: new Map(), forgotten: 0 }
  return shared.deployConsoleAnswers
}

/** Never the cookie itself: it is as good as the person. */
const keyOf = (cookie: string): string => hash('sha256', cookie, 'base64url')

export function recentAnswer(cookie: string, now: Date): Actor | null {
  const answer = memory().answers.get(keyOf(cookie))
  return answer !== undefined && now.getTime() - answer.at < RECENT_MS && now.getTime() >= answer.at
    ? answer.actor
    : null
}

/** Asks, and keeps who it was; unless somebody was forgotten meanwhile, for it may have been them. */
export async function remembering(cookie: string, now: Date, ask: () => Promise<Actor | null>): Promise<Actor | null> {
  const { answers, forgotten } = memory()
  const actor = await ask()
  const key = keyOf(cookie)
  answers.delete(key)
  if (actor === null || memory().forgotten !== forgotten) return actor
  answers.set(key, { actor, at: now.getTime() })
  if (answers.size > KEPT) {
    const [oldest] = answers.keys()
    if (oldest !== undefined) answers.delete(oldest)
  }
  return actor
}

/** Signed out, revoked, suspended, or of another role: whatever is known of this person is out of date. */
export function forgetSessionsOf(userId: string): void {
  const held = memory()
  held.forgotten += 1
  for (const [key, { actor }] of held.answers) if (actor.userId === userId) held.answers.delete(key)
}
