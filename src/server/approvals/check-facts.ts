import 'server-only'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import type { ApprovalRow } from '~/server/approvals/approvals'
import { requireSameCommit, requireSameRunning } from '~/server/deploys/admit/admit-request'
import { checkSource, requireForwards, sourceOf } from '~/server/deploys/admit/check-source'
import { mayNow } from '~/server/deploys/admit/current-rights'
import type { Deps } from '~/server/deps'
import { resolveRef } from '~/server/github/refs'
import type { DatabaseHandle } from '~/server/platform/database'
import { findSurface, type SurfaceRow } from '~/server/surfaces/surfaces'

/** What GitHub knows: the ref is still at the commit that was reviewed, and a promotion goes forwards. `checkFacts` looks a commit on record up. */
export async function checkCommit(deps: Pick<Deps, 'github' | 'db'>, row: ApprovalRow): Promise<void> {
  const source = sourceOf(row.kind, row.sourceId)
  if (source !== undefined) return requireForwards(deps, { ...row, ...row.surface }, source, row.sha)
  requireSameCommit(await resolveRef(deps.github, row.repository, row.ref), row.sha)
}

/**
 * What the database knows, looked at once more in the transaction that grants: the surface is declared as it was, the
 * commit still comes from where it was said to, the surface runs what it ran at the review, and who asked may still ask. Freezes and the active deploy are looked at
 * by the insert itself.
 */
export async function checkFacts(tx: DatabaseHandle, row: ApprovalRow, at: Date): Promise<SurfaceRow> {
  const surface = await findSurface(tx, row.surfaceId)
  if (surface === null || surface.archivedAt !== null) {
    throw new AppError(
      'surface_archived',
      `${inSentence(row.surface.name)} is no longer declared, so it cannot ship. ${KEPT}`,
    )
  }
  const changed = (['environment', 'repository', 'workflow'] as const).find((key) => surface[key] !== row[key])
  if (changed !== undefined || surface.ref !== row.workflowRef) {
    const what = changed ?? 'ref'
    throw new AppError(
      'surface_changed',
      `The ${what} of ${inSentence(surface.name)} is another than when this was asked for. ${KEPT}`,
      {
        details: { changed: what },
      },
    )
  }
  const source = sourceOf(row.kind, row.sourceId)
  if (source !== undefined) await checkSource(tx, surface, source, row.sha)
  await requireSameRunning(tx, surface, row.reviewedRunningSha)
  await checkRequester(tx, row, at)
  return surface
}

/** Since the request, membership may have ended, role and environments shrunk, and the token asked with been revoked. */
async function checkRequester(tx: DatabaseHandle, row: ApprovalRow, at: Date): Promise<void> {
  const needs =
    row.overrideReason === null ? (['deploy.dispatch'] as const) : (['deploy.dispatch', 'freeze.override'] as const)
  const surface = { id: row.surfaceId, environment: row.environment }
  const who = { userId: row.requestedByUserId, tokenId: row.requestedByTokenId }
  if (await mayNow(tx, who, { needs, surface, at })) return
  const what = row.overrideReason === null ? 'deploy' : 'deploy in spite of a freeze to'
  throw new AppError(
    'requester_refused',
    `${row.requestedBy} may no longer ${what} ${inSentence(row.surface.name)}. ${KEPT}`,
    {
      details: { requested_by: row.requestedBy },
    },
  )
}

const KEPT = 'Nothing was deployed; refuse this, or let it expire.'
