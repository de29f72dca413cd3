import 'server-only'
import type { Actor } from '~/domain/actor'
import type { Freshness } from '~/server/auth/freshness'
import { readSession } from '~/server/auth/read-session'
import { recentAnswer, remembering } from '~/server/auth/recent-answers'
import { sessionCookie } from '~/server/auth/session-cookie'
import type { Deps } from '~/server/deps'

/**
 * The member whose session the cookie names; null: nobody who is signed in. A poll may use what was true a few seconds ago.
 * What is asked of the database counts as something the person does: a page, or a change.
 */
export async function authenticate(deps: Deps, headers: Headers, freshness: Freshness): Promise<Actor | null> {
  const cookie = sessionCookie(deps.config, headers)
  if (cookie === null) return null
  const ask = async () => (await readSession(deps, headers, freshness))?.actor ?? null
  if (freshness === 'now') return await ask()
  const now = deps.now()
  return recentAnswer(cookie, now) ?? (await remembering(cookie, now, ask))
}
