import 'server-only'
import type { Actor } from '~/domain/actor'
import { authenticate } from '~/server/auth/authenticate'
import { freshnessOf } from '~/server/auth/freshness'
import { type Deps, getDeps } from '~/server/deps'

export interface Context {
  readonly deps: Deps
  /** Who acts; null: nobody is signed in. */
  readonly actor: Actor | null
}

/** A context without HTTP, for tests and scripts. */
export const createContextInner = (deps: Deps, actor: Actor | null): Context => ({ deps, actor })

export async function createContext({ req }: { readonly req: Request }): Promise<Context> {
  const deps = getDeps()
  return createContextInner(deps, await authenticate(deps, req.headers, freshnessOf(req)))
}
