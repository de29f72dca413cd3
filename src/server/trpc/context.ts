import 'server-only'
import { type Deps, getDeps } from '~/server/deps'

export interface Context {
  readonly deps: Deps
  /** Who acts; recorded with every deploy and audit row. */
  readonly actor: string
}

/** A context without HTTP, for tests and scripts. */
export const createContextInner = (deps: Deps, actor: string): Context => ({ deps, actor })

export const createContext = (): Context => createContextInner(getDeps(), 'operator')
