import type { Deps } from '~/server/deps'
import type { Database } from '~/server/platform/database'

class Crash extends Error {}

/** The same console with transactions that do all their work and are then abandoned instead of committed. */
export function crashBeforeCommit(deps: Deps): Deps {
  const db: Database = new Proxy(deps.db, {
    get(target, property) {
      if (property !== '$transaction') return Reflect.get(target, property)
      return (work: Parameters<Database['$transaction']>[0]) =>
        target.$transaction(async (tx) => {
          if (typeof work === 'function') await work(tx)
          throw beforeCommit()
        })
    },
  })
  return { ...deps, db }
}

const beforeCommit = () => new Crash('the process died before the commit')

export function ignoreCrash(error: unknown): void {
  if (!(error instanceof Crash)) throw error
}
