import 'server-only'
import type { Actor } from '~/domain/actor'
import type { DispatchAnswer, DispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { admitRequest, requireSameRunning } from '~/server/deploys/admit/admit-request'
import { auditingRejections } from '~/server/deploys/admit/audit-rejections'
import { kindOf } from '~/server/deploys/admit/check-source'
import { requireStillMay } from '~/server/deploys/admit/current-rights'
import { explainBusySurface } from '~/server/deploys/admit/explain-busy-surface'
import { type RequestedSurface, type RequestRow, readRequest } from '~/server/deploys/admit/find-request'
import type { NewDeploy } from '~/server/deploys/admit/insert-deploy'
import { insertUnlessFrozen } from '~/server/deploys/admit/insert-unless-frozen'
import { digestRequest, idempotencyMismatch } from '~/server/deploys/admit/request-digest'
import { requestKey } from '~/server/deploys/admit/request-key'
import { answerOf, DISPATCH_FLAGS, type Intent, sendIntent } from '~/server/deploys/dispatch/send-intent'
import type { Deps } from '~/server/deps'
import { readFlags } from '~/server/flags/read-flags'
import { freezesInForce } from '~/server/freezes/freezes'
import { violatedUniqueIndex } from '~/server/platform/database'

/**
 * Ships a ref to a surface (docs/contract.md, "Dispatch"): checks, commits the intent, asks GitHub once, answers without
 * waiting for a run. Asked again under the same idempotency key it answers with the deploy that is already there.
 * A refusal leaves its own audit row. For a surface that asks for a second person this is not the way: see `requestDeploy`, which
 * has read what is `known` of the request.
 *
 * @throws AppError `surface_unknown`, `permission_refused`, `proof_stale`, `surface_archived`, `confirmation_mismatch`,
 *   `source_refused`, `approval_required`, `surface_locked`, `frozen`, `surface_busy`, `ref_moved`, `running_changed`, `ref_unknown`, `ref_ambiguous`,
 *   `idempotency_mismatch`, `github_unavailable` (while checking the ref; nothing was recorded then)
 */
export function dispatchDeploy(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  known?: RequestRow,
): Promise<DispatchAnswer> {
  return auditingRejections(deps, actor, input, () => ship(deps, actor, input, known))
}

async function ship(deps: Deps, actor: Actor, input: DispatchInput, known?: RequestRow): Promise<DispatchAnswer> {
  const since = deps.now()
  const requestDigest = digestRequest(input)
  const key = { requestedBy: actor.name, idempotencyKey: requestKey(actor, input.idempotencyKey) }
  const read = () => readRequest(deps.db, { surfaceId: input.surfaceId, ...key })
  const request = known ?? (await read())
  if (request.deploy !== null) return answerAgain(request.deploy, requestDigest)

  const { surface, resolved } = await admitRequest(deps, actor, input, request.surface)
  if (surface.requiresApproval) throw approvalRequired(surface)
  const asked: Asked = {
    id: deps.newId(),
    surfaceId: surface.id,
    environment: surface.environment,
    repository: surface.repository,
    workflow: surface.workflow,
    ref: resolved.ref,
    workflowRef: surface.ref,
    sha: resolved.sha,
    reason: input.reason || null,
    requestedBy: actor.name,
    requestedByUserId: actor.userId,
    idempotencyKey: key.idempotencyKey,
    requestDigest,
    ...kindOf(input.source),
  }
  let intent: Intent
  try {
    intent = await commitIntent(deps, actor, asked, {
      surface,
      override: input.overrideFreeze ?? null,
      reviewedRunningSha: input.reviewedRunningSha,
    })
  } catch (error) {
    // The insert lost a race, or the surface was busy all along: the database's unique indexes say which.
    const twin = violatedUniqueIndex(error) === null ? null : (await read()).deploy
    if (twin !== null) return answerAgain(twin, requestDigest)
    throw await explainBusySurface(deps, error, surface)
  }
  return sendIntent(deps, intent, since)
}

type Asked = Omit<NewDeploy, 'phaseCallbacks'>

/** Commits the intent, unless a right that was taken away meanwhile, a freeze or a lock stands in its way. Nothing is sent yet. */
function commitIntent(
  deps: Deps,
  actor: Actor,
  asked: Asked,
  request: {
    readonly surface: RequestedSurface
    readonly override: NonNullable<DispatchInput['overrideFreeze']> | null
    readonly reviewedRunningSha: DispatchInput['reviewedRunningSha']
  },
): Promise<Intent> {
  const { surface, override } = request
  const at = deps.now()
  const needs = override === null ? (['deploy.dispatch'] as const) : (['deploy.dispatch', 'freeze.override'] as const)
  return deps.db.$transaction(async (tx) => {
    await requireStillMay(tx, actor, { needs, surface, at })
    await requireSameRunning(tx, surface, request.reviewedRunningSha)
    const flags = await readFlags({ ...deps, db: tx }, DISPATCH_FLAGS, surface.environment)
    const deploy = { ...asked, phaseCallbacks: flags.FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS }
    const freezes = await freezesInForce(tx, surface, at)
    await insertUnlessFrozen(tx, deploy, { surfaceName: surface.name, override, at, freezes })
    return { deploy, answersAtOnce: flags.FLAG_CONSOLE_DEPLOY_ASYNC }
  })
}

function answerAgain(earlier: NonNullable<RequestRow['deploy']>, requestDigest: string): DispatchAnswer {
  if (earlier.requestDigest === requestDigest) return answerOf(earlier)
  const { code, message } = idempotencyMismatch
  throw new AppError(code, message, { details: { deploy_id: earlier.id } })
}

const approvalRequired = ({ name }: RequestedSurface) =>
  new AppError(
    'approval_required',
    `${name} ships with another person’s approval only. Nothing was deployed; ask for one.`,
  )
