import 'server-only'
import { PERSON_HEADER } from '~/domain/account'
import type { Actor } from '~/domain/actor'
import { authenticate } from '~/server/auth/sessions/authenticate'
import { askedBy } from '~/server/auth/sessions/read-session'
import { type Deps, getDeps } from '~/server/deps'
import { toTrpcError } from '~/server/trpc/procedures/to-trpc-error'

interface Call {
  /** The version of what is answered, for the caller to name when it asks again (`http/not-modified.ts`). */
  version: string | null
}

export interface Context {
  readonly deps: Deps
  /** Who acts; null: nobody is signed in. */
  readonly actor: Actor | null
  /** What is noted on the way; one object for the whole call, where tRPC copies the context for each procedure. */
  readonly call: Call
}

/** A context without HTTP, for tests and scripts. */
export const createContextInner = (deps: Deps, actor: Actor | null): Context => ({
  deps,
  actor,
  call: { version: null },
})

export async function createContext({ req }: { readonly req: Request }): Promise<Context> {
  const deps = getDeps()
  try {
    const actor = await authenticate(deps, req.headers, askedBy(req))
    return createContextInner(deps, isPageOf(actor, req) ? actor : null)
  } catch (thrown) {
    // No procedure has been reached yet, so none of them turns this into an error of the console's.
    throw toTrpcError(deps.logger, thrown, { path: new URL(req.url).pathname })
  }
}

/** What one person began on a page is never done as another: for that page, nobody is signed in. */
function isPageOf(actor: Actor | null, { headers }: Request): boolean {
  const page = headers.get(PERSON_HEADER)
  return actor === null || page === null || page === encodeURIComponent(actor.name)
}
