import 'server-only'
import type { Actor } from '~/domain/actor'
import { LOCAL_OPERATOR } from '~/server/auth/local-operator'
import { type Deps, getDeps } from '~/server/deps'

export interface Context {
  readonly deps: Deps
  /** Who acts; null: nobody is signed in. */
  readonly actor: Actor | null
}

/** A context without HTTP, for tests and scripts. */
export const createContextInner = (deps: Deps, actor: Actor | null): Context => ({ deps, actor })

export const createContext = (): Context => createContextInner(getDeps(), LOCAL_OPERATOR)
