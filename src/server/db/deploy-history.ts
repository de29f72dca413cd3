import 'server-only'
import type { DatabaseHandle } from '~/server/db/client'

/** A surface's deploys older than `before` (or the newest), newest first; ids are UUIDv7, so they sort by time. */
export function listSurfaceDeploys(
  db: DatabaseHandle,
  query: { readonly surfaceId: string; readonly before: string | null; readonly limit: number },
) {
  const { surfaceId, before, limit } = query
  return db.deploy.findMany({
    where: { surfaceId, ...(before === null ? {} : { id: { lt: before } }) },
    orderBy: { id: 'desc' },
    take: limit,
    select: {
      id: true,
      status: true,
      failureStage: true,
      failureDetail: true,
      ref: true,
      sha: true,
      reason: true,
      requestedBy: true,
      requestedAt: true,
      finishedAt: true,
    },
  })
}
