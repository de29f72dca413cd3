import 'server-only'
import type { Transition } from '~/domain/deploy/phases'
import { isTerminal } from '~/domain/deploy/status'
import type { HistoryPage, PastDeploy } from '~/domain/deploy/view'
import { AppError } from '~/domain/errors'
import { readTransitions } from '~/server/audit/append-audit'
import { describeDeployRow, reportSelect } from '~/server/deploys/deploy-report'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'
import { findSurface } from '~/server/surfaces/surfaces'
import { readRunning } from '~/server/surfaces/surfaces.sql'

/** One page of a surface's deploys, the newest first. An archived surface keeps its history. Throws `surface_unknown`. */
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
  if (surface === null) throw new AppError('surface_unknown', `There is no surface "${surfaceId}". Check the id.`)
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

/** Ids are UUIDv7 and sort by time, so `before` (an id) also orders the pages by time. */
function listSurfaceDeploys(
  db: DatabaseHandle,
  query: { readonly surfaceId: string; readonly before: string | null; readonly limit: number },
) {
  const { surfaceId, before, limit } = query
  return db.deploy.findMany({
    where: { surfaceId, ...(before === null ? {} : { id: { lt: before } }) },
    orderBy: { id: 'desc' },
    take: limit,
    select: pastSelect,
  })
}

export const pastSelect = {
  ...reportSelect,
  id: true,
  failureDetail: true,
  ref: true,
  sha: true,
  reason: true,
  kind: true,
  requestedBy: true,
  approvedBy: true,
  finishedAt: true,
} satisfies Prisma.DeploySelect

type PastRow = Prisma.DeployGetPayload<{ select: typeof pastSelect }>

/** One line of a list of deploys. */
export function pastDeploy(row: PastRow, transitions: readonly Transition[]): PastDeploy {
  const { headline, shipped } = describeDeployRow(row, transitions)
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
