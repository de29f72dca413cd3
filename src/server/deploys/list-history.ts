import 'server-only'
import type { DeploySummary } from '~/domain/deploy'
import { isTerminal } from '~/domain/deploy-status'
import { phasesOf } from '~/domain/phases'
import { readTransitions } from '~/server/db/audit'
import { listDeploysOfSurface } from '~/server/db/deploys'
import type { Deps } from '~/server/deps'

const PAGE_LENGTH = 50

export interface HistoryPage {
  readonly deploys: readonly DeploySummary[]
  /** Pass as `before` to read older deploys; null when there are none. */
  readonly cursor: string | null
}

/** A surface's deploys, newest first, a page at a time by key: a page costs the same however long the history is. */
export async function listHistory(
  deps: Pick<Deps, 'db'>,
  query: { readonly surfaceId: string; readonly before?: string | undefined },
): Promise<HistoryPage> {
  const rows = await listDeploysOfSurface(deps.db, { ...query, limit: PAGE_LENGTH + 1 })
  const page = rows.slice(0, PAGE_LENGTH)
  const transitions = await readTransitions(
    deps.db,
    page.map(({ id }) => id),
  )
  const deploys = page.map((row) => ({
    ...row,
    terminal: isTerminal(row.status),
    phases: phasesOf({ ...row, transitions: transitions.get(row.id) ?? [] }),
    requestedAt: row.requestedAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }))
  return { deploys, cursor: rows.length > PAGE_LENGTH ? (page.at(-1)?.id ?? null) : null }
}
