import 'server-only'
import type { Actor } from '~/domain/actor'
import { refuseDispatch } from '~/domain/deploy/admission'
import type { DispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { refLabel } from '~/domain/ref'
import { authorize, requireFreshProof, requireReach } from '~/server/auth/rights/authorize'
import { checkSource, requireForwards } from '~/server/deploys/admit/check-source'
import type { RequestedSurface } from '~/server/deploys/admit/find-request'
import type { Deps } from '~/server/deps'
import { requireNoDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { type ResolvedRef, resolveRef } from '~/server/github/refs'
import type { DatabaseHandle } from '~/server/platform/database'
import { readRunning } from '~/server/surfaces/surfaces.sql'

export interface Admitted {
  readonly surface: RequestedSurface
  /** What ships, whatever the ref points at later. */
  readonly resolved: ResolvedRef
}

/** The checks of a request and its surface: cheap ones first, GitHub last. Gives the surface and the commit it may ask for. */
export async function admitRequest(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  surface: RequestedSurface | null,
): Promise<Admitted> {
  if (surface === null) {
    throw new AppError('surface_unknown', `There is no surface "${input.surfaceId}". Nothing was deployed.`)
  }
  requireReach(actor, { environment: surface.environment, surfaceId: surface.id })
  if (input.overrideFreeze !== undefined) authorize(actor, 'freeze.override')
  if (surface.environment === 'production' || surface.requiresApproval || input.overrideFreeze !== undefined) {
    requireFreshProof(deps, actor, `deploying ${surface.name}`)
  }
  const refusal = refuseDispatch({ surface, confirmation: input.confirmation })
  if (refusal !== null) throw new AppError(refusal.code, refusal.message, { details: refusal.details })
  if (input.source !== undefined) {
    await checkSource(deps.db, surface, input.source, input.ref)
    await requireForwards(deps, surface, input.source, input.ref)
  }
  // The source names a commit on record: no question to GitHub, so that a rollback is possible while its reads are down.
  const resolved =
    input.source === undefined
      ? await resolveRef(deps.github, surface.repository, input.ref)
      : { ref: input.ref, sha: input.ref }
  await requireNoDeployFreeze(deps, surface)
  if (input.expectedSha !== undefined) requireSameCommit(resolved, input.expectedSha)
  return { surface, resolved }
}

/** Throws `ref_moved`, with both commits, when the ref is no longer where it was reviewed. */
export function requireSameCommit({ ref, sha: actual }: ResolvedRef, sha: string): void {
  if (actual === sha) return
  throw new AppError(
    'ref_moved',
    `${inSentence(refLabel(ref))} was at ${sha.slice(0, 7)} when it was reviewed and is at ${actual.slice(0, 7)} now. Nothing was deployed; review it again.`,
    { details: { expected_sha: sha, actual_sha: actual } },
  )
}

/**
 * Throws `running_changed` when the surface is known to run something else than at the review: the commits that were listed as added
 * and removed, and whether it is a rollback, rested on that. A request that does not say what it was reviewed against passes.
 */
export async function requireSameRunning(
  db: DatabaseHandle,
  surface: { readonly id: string; readonly name: string },
  reviewed: string | null | undefined,
): Promise<void> {
  if (reviewed === null || reviewed === undefined) return
  const runs = (await readRunning(db, [surface.id])).get(surface.id)?.runs ?? 'unknown'
  if (runs === reviewed) return
  const name = inSentence(surface.name)
  const then =
    reviewed === 'unknown'
      ? `What ${name} ran was not known when this was reviewed`
      : `${name} ran ${reviewed.slice(0, 7)} when this was reviewed`
  const now = runs === 'unknown' ? 'what it runs now is not known' : `it runs ${runs.slice(0, 7)} now`
  throw new AppError('running_changed', `${then}, and ${now}. Nothing was deployed; review it again.`, {
    details: { expected_running_sha: reviewed, running_sha: runs },
  })
}
