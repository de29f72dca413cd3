import 'server-only'
import type { Actor } from '~/domain/actor'
import type { DispatchAnswer, DispatchInput } from '~/domain/deploy'
import { AppError } from '~/domain/errors'
import { requireStillMay } from '~/server/auth/current-rights'
import { type DatabaseHandle, violatedUniqueIndex } from '~/server/db/client'
import { type DeployRow, findDeployByKey, type NewDeploy } from '~/server/db/deploys'
import type { SurfaceRow } from '~/server/db/surfaces'
import { admitRequest } from '~/server/deploys/admit-request'
import { auditingRejections } from '~/server/deploys/audit-rejections'
import { kindOf } from '~/server/deploys/check-source'
import { busyOr, commitIntent } from '~/server/deploys/commit-intent'
import { digestOf, idempotencyMismatch } from '~/server/deploys/request-digest'
import { requestKey } from '~/server/deploys/request-key'
import { answerOf, sendIntent } from '~/server/deploys/send-intent'
import type { Deps } from '~/server/deps'
import { isFlagOn } from '~/server/flags/is-flag-on'

/**
 * Ships a ref to a surface (contract.md, "Dispatch"): checks, commits the intent, asks GitHub once, answers without
 * waiting for a run. Asked again under the same idempotency key it answers with the deploy that is already there.
 * A refusal leaves its own audit row. For a surface that asks for a second person this is not the way: see `askForDeploy`.
 *
 * @throws AppError `surface_unknown`, `permission_refused`, `proof_stale`, `surface_archived`, `confirmation_mismatch`,
 *   `source_refused`, `approval_required`, `surface_locked`, `frozen`, `surface_busy`, `ref_moved`, `ref_unknown`,
 *   `idempotency_mismatch`, `github_unavailable` (while checking the ref; nothing was recorded then)
 */
export function dispatchDeploy(deps: Deps, actor: Actor, input: DispatchInput): Promise<DispatchAnswer> {
  return auditingRejections(deps, actor, input, () => ship(deps, actor, input))
}

async function ship(deps: Deps, actor: Actor, input: DispatchInput): Promise<DispatchAnswer> {
  const since = deps.now()
  const requestDigest = digestOf(input)
  const key = { requestedBy: actor.name, idempotencyKey: requestKey(actor, input.idempotencyKey) }
  const earlier = await findDeployByKey(deps.db, key)
  if (earlier !== null) return answerAgain(earlier, requestDigest)

  const surface = await admitRequest(deps, actor, input)
  if (surface.requiresApproval) throw approvalRequired(surface)
  const deploy: NewDeploy = {
    id: deps.newId(),
    surfaceId: surface.id,
    environment: surface.environment,
    repository: surface.repository,
    workflow: surface.workflow,
    ref: input.ref,
    workflowRef: surface.ref,
    sha: input.expectedSha ?? (input.source === undefined ? null : input.ref),
    reason: input.reason || null,
    requestedBy: actor.name,
    requestedByUserId: actor.userId,
    idempotencyKey: key.idempotencyKey,
    requestDigest,
    phaseCallbacks: await isFlagOn(deps, 'FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS', surface.environment),
    ...kindOf(input.source),
  }
  try {
    const override = input.overrideFreeze ?? null
    const at = deps.now()
    const needs = override === null ? (['deploy.dispatch'] as const) : (['deploy.dispatch', 'freeze.override'] as const)
    const first = (tx: DatabaseHandle) => requireStillMay(deps, tx, actor, { needs, surface, at })
    await commitIntent(deps, deploy, { surfaceName: surface.name, override, at, first })
  } catch (error) {
    // The insert lost a race, or the surface was busy all along: the database's unique indexes say which.
    const twin = violatedUniqueIndex(error) === null ? null : await findDeployByKey(deps.db, key)
    if (twin !== null) return answerAgain(twin, requestDigest)
    throw await busyOr(deps, error, surface)
  }
  return sendIntent(deps, deploy, since)
}

function answerAgain(earlier: DeployRow, requestDigest: string): DispatchAnswer {
  if (earlier.requestDigest === requestDigest) return answerOf(earlier)
  const { code, message } = idempotencyMismatch
  throw new AppError(code, message, { details: { deploy_id: earlier.id } })
}

const approvalRequired = ({ name }: SurfaceRow) =>
  new AppError(
    'approval_required',
    `${name} ships with another person’s approval only. Nothing was deployed; ask for one.`,
  )
