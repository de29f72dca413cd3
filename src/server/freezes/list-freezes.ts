import 'server-only'
import type { FreezeView } from '~/domain/freeze'
import type { Deps } from '~/server/deps'
import { freezeView } from '~/server/freezes/freeze-view'
import { listCurrentFreezes, listPastFreezes } from '~/server/freezes/freezes'

const PAGE_LENGTH = 50

export interface FreezeList {
  /** In force or to come. */
  readonly current: readonly FreezeView[]
  readonly past: readonly FreezeView[]
  /** Pass on for older ones; null when there are none. */
  readonly cursor: string | null
}

export async function listFreezes(deps: Pick<Deps, 'db' | 'now'>, before?: string): Promise<FreezeList> {
  const now = deps.now()
  const [current, past] = await Promise.all([
    listCurrentFreezes(deps.db, now),
    listPastFreezes(deps.db, { now, before, limit: PAGE_LENGTH + 1 }),
  ])
  const shown = past.slice(0, PAGE_LENGTH)
  return {
    current: current.map((row) => freezeView(row, now)),
    past: shown.map((row) => freezeView(row, now)),
    cursor: past.length > PAGE_LENGTH ? (shown.at(-1)?.id ?? null) : null,
  }
}
