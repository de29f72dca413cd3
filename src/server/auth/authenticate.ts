import 'server-only'
import type { Actor } from '~/domain/actor'
import { bySession } from '~/server/auth/by-session'
import type { Freshness } from '~/server/auth/freshness'
import type { Deps } from '~/server/deps'

/** One way to say who calls. Undefined: the request does not use it. Null: it does, and nobody is let in by it. */
type Way = (deps: Deps, headers: Headers, freshness: Freshness) => Promise<Actor | null | undefined>

/** The first way a request uses decides. */
const WAYS: readonly Way[] = [bySession]

/** Who calls; null: nobody the console knows. */
export async function authenticate(deps: Deps, headers: Headers, freshness: Freshness): Promise<Actor | null> {
  for (const way of WAYS) {
    const actor = await way(deps, headers, freshness)
    if (actor !== undefined) return actor
  }
  return null
}
