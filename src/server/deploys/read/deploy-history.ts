import 'server-only'
import type { DeployStatus, Shipped } from '~/domain/deploy/status'
import { accountSelect } from '~/server/deploys/deploy-account'
import type { DatabaseHandle } from '~/server/platform/database'

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
      ...accountSelect,
      id: true,
      failureDetail: true,
      ref: true,
      sha: true,
      reason: true,
      kind: true,
      requestedBy: true,
      approvedBy: true,
      finishedAt: true,
    },
  })
}

/** Whether a deploy to this environment that was requested after `since` succeeded, and is proven to have shipped. */
export async function hasShippedSince(db: DatabaseHandle, environment: string, since: Date): Promise<boolean> {
  const found = await db.deploy.findFirst({
    where: {
      environment,
      status: 'succeeded' satisfies DeployStatus,
      shipped: 'yes' satisfies Shipped,
      requestedAt: { gt: since },
      // Ids sort by time: nothing older than the promotion is read. An hour's grace for clocks that differ.
      id: { gte: earliestIdAt(new Date(Math.max(since.getTime() - 3_600_000, 0))) },
    },
    orderBy: { id: 'asc' },
    select: { id: true },
  })
  return found !== null
}

/** The lowest UUIDv7 of a millisecond (RFC 9562, 5.7). */
function earliestIdAt(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
