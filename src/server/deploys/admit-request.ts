import 'server-only'
import type { Actor } from '~/domain/actor'
import { firstRefusal, REQUEST_CHECKS } from '~/domain/admission'
import type { DispatchInput } from '~/domain/deploy'
import { AppError } from '~/domain/errors'
import { authorize, requireReach } from '~/server/auth/authorize'
import { requireFreshProof } from '~/server/auth/require-fresh-proof'
import type { RequestedSurface } from '~/server/db/requests'
import { checkSource } from '~/server/deploys/check-source'
import type { Deps } from '~/server/deps'
import { readCommit } from '~/server/github/refs'

/** The checks of a request and its surface: cheap ones first, GitHub last. Gives the surface when there is one it may ask for. */
export async function admitRequest(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  surface: RequestedSurface | null,
): Promise<RequestedSurface> {
  if (surface === null) {
    throw new AppError('surface_unknown', `There is no surface "${input.surfaceId}". Nothing was deployed.`)
  }
  requireReach(actor, { environment: surface.environment, surfaceId: surface.id })
  if (input.overrideFreeze !== undefined) authorize(actor, 'freeze.override')
  if (surface.environment === 'production' || surface.requiresApproval || input.overrideFreeze !== undefined) {
    requireFreshProof(deps, actor, `deploying ${surface.name}`)
  }
  const refusal = firstRefusal(REQUEST_CHECKS, { surface, confirmation: input.confirmation })
  if (refusal !== null) throw new AppError(refusal.code, refusal.message, { details: refusal.details })
  if (input.source !== undefined) await checkSource(deps.db, surface, input.source, input.ref)
  const sha = input.expectedSha ?? (input.source === undefined ? undefined : input.ref)
  if (sha !== undefined) await requireCommit(deps, { repository: surface.repository, ref: input.ref, sha })
  return surface
}

/** Throws `ref_moved`, with both commits, when the ref is no longer where it was reviewed; `ref_unknown` when it is gone. */
export async function requireCommit(
  deps: Pick<Deps, 'github'>,
  reviewed: { readonly repository: string; readonly ref: string; readonly sha: string },
): Promise<void> {
  const { repository, ref, sha } = reviewed
  const head = await readCommit(deps.github, repository, ref)
  if (head.sha === sha) return
  throw new AppError(
    'ref_moved',
    `${ref} was at ${sha.slice(0, 7)} when it was reviewed and is at ${head.sha.slice(0, 7)} now. Nothing was deployed; review it again.`,
    { details: { expected_sha: sha, actual_sha: head.sha } },
  )
}
