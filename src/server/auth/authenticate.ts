import 'server-only'
import type { Actor } from '~/domain/actor'
import type { AskedBy } from '~/server/auth/asked-by'
import { readSession } from '~/server/auth/read-session'
import type { Deps } from '~/server/deps'

/** The member whose session the cookie names; null: nobody who is signed in. */
export async function authenticate(deps: Deps, headers: Headers, askedBy: AskedBy): Promise<Actor | null> {
  return (await readSession(deps, headers, askedBy))?.actor ?? null
}
