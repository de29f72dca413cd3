import 'server-only'
import type { Actor } from '~/domain/actor'
import type { ApprovalView, DispatchResult } from '~/domain/deploy/approval'
import type { DispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { approvalFacts, approvalView, subjectOf } from '~/server/approvals/approval-view'
import { type ApprovalRow, findApprovalByKey, insertApproval } from '~/server/approvals/approvals'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { type Admitted, admitRequest, requireSameRunning } from '~/server/deploys/admit/admit-request'
import { auditingRejections } from '~/server/deploys/admit/audit-rejections'
import { kindOf } from '~/server/deploys/admit/check-source'
import { type RequestedSurface, readRequest } from '~/server/deploys/admit/find-request'
import { requireNotFrozen } from '~/server/deploys/admit/insert-unless-frozen'
import { digestRequest, idempotencyMismatch } from '~/server/deploys/admit/request-digest'
import { requestKey } from '~/server/deploys/admit/request-key'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import type { Deps } from '~/server/deps'
import { freezesInForce } from '~/server/freezes/freezes'
import { violatedUniqueIndex } from '~/server/platform/database'

/**
 * The way to every deploy. Where the surface asks for a second person, nothing is sent: an approval waits, bound to the commit
 * that was reviewed. Otherwise the deploy is dispatched. Asked again under the same key, it answers with the approval that
 * waits, or with the deploy it became.
 *
 * @throws AppError as `dispatchDeploy` does
 */
export async function requestDeploy(deps: Deps, actor: Actor, input: DispatchInput): Promise<DispatchResult> {
  const key = { requestedBy: actor.name, idempotencyKey: requestKey(actor, input.idempotencyKey) }
  const request = await readRequest(deps.db, { surfaceId: input.surfaceId, ...key })
  const { asked, deploy, surface } = request
  if (deploy !== null || !(asked || surface?.requiresApproval)) {
    return { outcome: 'deploy', ...(await dispatchDeploy(deps, actor, input, request)) }
  }
  const earlier = asked ? await findApprovalByKey(deps.db, key) : null
  const approval = await auditingRejections(deps, actor, input, async () =>
    earlier === null ? ask(deps, actor, input, surface) : again(deps, actor, input, earlier),
  )
  return { outcome: 'approval', approval }
}

async function ask(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  requested: RequestedSurface | null,
): Promise<ApprovalView> {
  const admitted = await admitRequest(deps, actor, input, requested)
  try {
    return approvalView(deps, await record(deps, actor, input, admitted), actor)
  } catch (error) {
    if (violatedUniqueIndex(error) === null) throw error
    const key = { requestedBy: actor.name, idempotencyKey: requestKey(actor, input.idempotencyKey) }
    const twin = await findApprovalByKey(deps.db, key)
    if (twin === null) throw error
    return again(deps, actor, input, twin)
  }
}

function again(deps: Deps, actor: Actor, input: DispatchInput, earlier: ApprovalRow): ApprovalView {
  if (earlier.requestDigest === digestRequest(input)) return approvalView(deps, earlier, actor)
  const { code, message } = idempotencyMismatch
  throw new AppError(code, message, { details: { approval_id: earlier.id } })
}

/** Commits the approval with its audit row. An override is bound here to the freezes that are in force now. */
function record(deps: Deps, actor: Actor, input: DispatchInput, { surface, resolved }: Admitted): Promise<ApprovalRow> {
  const at = deps.now()
  return deps.db.$transaction(async (tx) => {
    await requireSameRunning(tx, surface, input.reviewedRunningSha)
    const override = input.overrideFreeze ?? null
    const freezes = await freezesInForce(tx, surface, at)
    const overridden = requireNotFrozen({ surface, freezes, override })
    const row = await insertApproval(tx, {
      id: deps.newId(),
      surfaceId: surface.id,
      environment: surface.environment,
      repository: surface.repository,
      workflow: surface.workflow,
      workflowRef: surface.ref,
      ...kindOf(input.source),
      ref: resolved.ref,
      sha: resolved.sha,
      reviewedRunningSha: input.reviewedRunningSha ?? null,
      reason: input.reason || null,
      overrideReason: override === null || overridden.length === 0 ? null : override.reason,
      overrideFreezeIds: [...overridden],
      requestedBy: actor.name,
      requestedByUserId: actor.userId,
      requestedByTokenId: actor.tokenId ?? null,
      requestedAt: at,
      expiresAt: new Date(at.getTime() + surface.approvalMinutes * 60_000),
      idempotencyKey: requestKey(actor, input.idempotencyKey),
      requestDigest: digestRequest(input),
    })
    await appendAuditEvent(tx, subjectOf(row, actor.name, at), {
      action: 'console.approval.requested',
      status: null,
      payload: {
        ...approvalFacts(row),
        reason: row.reason,
        override_reason: row.overrideReason,
        expires_at: row.expiresAt.toISOString(),
      },
    })
    return row
  })
}
