import 'server-only'
import type { Actor } from '~/domain/actor'
import { type AskedBy, readSession } from '~/server/auth/sessions/read-session'
import type { Deps } from '~/server/deps'

/** The member whose session the cookie names; null: nobody who is signed in. */
export async function authenticate(deps: Deps, headers: Headers, by: AskedBy): Promise<Actor | null> {
  return (await readSession(deps, headers, by))?.actor ?? null
}
