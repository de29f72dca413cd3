import 'server-only'
import type { Transition } from '~/domain/deploy/phases'
import { isTerminal } from '~/domain/deploy/status'
import type { HistoryPage, PastDeploy } from '~/domain/deploy/view'
import { AppError } from '~/domain/errors'
import { readTransitions } from '~/server/audit/append-audit'
import { accountOfRow } from '~/server/deploys/deploy-account'
import { listSurfaceDeploys } from '~/server/deploys/read/deploy-history'
import type { Deps } from '~/server/deps'
import { findSurface } from '~/server/surfaces/surfaces'
import { readRunning } from '~/server/surfaces/surfaces.sql'

/** One page of a surface's deploys, newest first; an archived surface keeps its history. Throws `surface_unknown`. */
export async function listDeploys(
  deps: Pick<Deps, 'db'>,
  query: { readonly surfaceId: string; readonly cursor: string | null; readonly limit: number },
): Promise<HistoryPage> {
  const { surfaceId, cursor, limit } = query
  const [surface, running, rows] = await Promise.all([
    findSurface(deps.db, surfaceId),
    readRunning(deps.db, [surfaceId]),
    listSurfaceDeploys(deps.db, { surfaceId, before: cursor, limit: limit + 1 }),
  ])
  if (surface === null) throw new AppError('surface_unknown', `There is no surface "${surfaceId}".`)
  const { id, name, environment, url, archivedAt } = surface
  const shown = rows.slice(0, limit)
  const transitions = await readTransitions(
    deps.db,
    shown.map((row) => row.id),
  )
  const runs = running.get(surfaceId)?.runs ?? null
  return {
    surface: { id, name, environment, url, archived: archivedAt !== null, runs },
    deploys: shown.map((row) => pastDeploy(row, transitions.get(row.id) ?? [])),
    nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null,
  }
}

type HistoryRow = Awaited<ReturnType<typeof listSurfaceDeploys>>[number]

function pastDeploy(row: HistoryRow, transitions: readonly Transition[]): PastDeploy {
  const { headline, shipped } = accountOfRow(row, transitions)
  return {
    id: row.id,
    status: row.status,
    terminal: isTerminal(row.status),
    headline,
    shipped,
    failureDetail: row.failureDetail,
    ref: row.ref,
    sha: row.sha,
    reason: row.reason,
    kind: row.kind,
    requestedBy: row.requestedBy,
    approvedBy: row.approvedBy,
    requestedAt: row.requestedAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}
