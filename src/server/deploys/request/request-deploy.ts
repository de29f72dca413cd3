import 'server-only'
import type { Actor } from '~/domain/actor'
import type { ApprovalView, DispatchResult } from '~/domain/deploy/approval'
import type { DispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { approvalFacts, approvalSubject, approvalView } from '~/server/approvals/approval-view'
import { type ApprovalRow, findApprovalByKey, insertApproval } from '~/server/approvals/approvals'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { type Admitted, admitRequest, requireSameRunning } from '~/server/deploys/admit/admit-request'
import { auditRejections } from '~/server/deploys/admit/audit-rejections'
import { kindOf } from '~/server/deploys/admit/check-source'
import { requireNotFrozen } from '~/server/deploys/admit/insert-deploy'
import {
  digestRequest,
  idempotencyMismatch,
  type RequestedSurface,
  readRequest,
  requestKey,
} from '~/server/deploys/admit/read-request'
import { disarmWatches } from '~/server/deploys/deploy-watch'
import { dispatchDeploy, type IntentGuard } from '~/server/deploys/dispatch/dispatch-deploy'
import type { Deps } from '~/server/deps'
import { freezesInForce } from '~/server/freezes/freezes-in-force'
import { violatedUniqueIndex } from '~/server/platform/database'
import { answerQueued, joinQueue, mustQueue } from '~/server/queue/join-queue'
import { findQueuedByKey } from '~/server/queue/queued-requests'

/**
 * Every deploy starts here. If the surface requires approval, an approval is opened for the reviewed commit and nothing is sent.
 * Otherwise the deploy is dispatched, or queued if that was asked for and the surface is busy. A repetition under the same key returns what
 * became of the request. `guard` may still refuse in the transaction that records a deploy or an
 * approval.
 *
 * @throws AppError as `dispatchDeploy` does
 */
export async function requestDeploy(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  guard?: IntentGuard,
): Promise<DispatchResult> {
  const key = { requestedBy: actor.name, idempotencyKey: requestKey(actor, input.idempotencyKey) }
  const request = await readRequest(deps.db, { surfaceId: input.surfaceId, ...key })
  const { hasApproval, isQueued, deploy, surface } = request
  if (deploy === null && isQueued) return answerQueuedRepetition(deps, actor, input, key)
  // The way back never waits behind others.
  const isRollback = input.source?.kind === 'rollback'
  const mayQueue = input.queue === true && !isRollback && deploy === null && !hasApproval
  if (mayQueue && (surface?.requiresApproval || (await mustQueue(deps, input.surfaceId)))) {
    return queueDeploy(deps, actor, input, surface)
  }
  if (deploy !== null || !(hasApproval || surface?.requiresApproval)) {
    try {
      return { outcome: 'deploy', ...(await dispatchDeploy(deps, actor, input, request, { guard })) }
    } catch (error) {
      // Another deploy started in between.
      const isBusy = error instanceof AppError && error.code === 'surface_busy'
      if (!(mayQueue && isBusy && (await mustQueue(deps, input.surfaceId)))) throw error
      return queueDeploy(deps, actor, input, surface)
    }
  }
  const earlier = hasApproval ? await findApprovalByKey(deps.db, key) : null
  const approval = await auditRejections(deps, actor, input, async () =>
    earlier === null ? openApproval(deps, actor, input, surface, guard) : answerRepetition(deps, actor, input, earlier),
  )
  return { outcome: 'approval', approval }
}

async function queueDeploy(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  surface: RequestedSurface | null,
): Promise<DispatchResult> {
  const queued = await auditRejections(deps, actor, input, () => joinQueue(deps, actor, input, surface))
  return { outcome: 'queued', queued }
}

/** The request may have had its turn since it was read: then its deploy is the answer. */
async function answerQueuedRepetition(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  key: { readonly requestedBy: string; readonly idempotencyKey: string },
): Promise<DispatchResult> {
  const earlier = await findQueuedByKey(deps.db, key)
  if (earlier === null || earlier.deployId !== null) {
    return { outcome: 'deploy', ...(await dispatchDeploy(deps, actor, input)) }
  }
  const queued = await auditRejections(deps, actor, input, () => answerQueued(deps, actor, input, earlier))
  return { outcome: 'queued', queued }
}

async function openApproval(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  requested: RequestedSurface | null,
  guard: IntentGuard | undefined,
): Promise<ApprovalView> {
  const admitted = await admitRequest(deps, actor, input, requested)
  try {
    return approvalView(deps, await storeApproval(deps, actor, input, admitted, guard), actor)
  } catch (error) {
    if (violatedUniqueIndex(error) === null) throw error
    const key = { requestedBy: actor.name, idempotencyKey: requestKey(actor, input.idempotencyKey) }
    const earlier = await findApprovalByKey(deps.db, key)
    if (earlier === null) throw error
    return answerRepetition(deps, actor, input, earlier)
  }
}

function answerRepetition(deps: Deps, actor: Actor, input: DispatchInput, earlier: ApprovalRow): ApprovalView {
  if (earlier.requestDigest === digestRequest(input)) return approvalView(deps, earlier, actor)
  const { code, message } = idempotencyMismatch
  throw new AppError(code, message, { details: { approval_id: earlier.id } })
}

/** Commits the approval with its audit row. An override covers the freezes in force now. */
function storeApproval(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  { surface, resolved, workflowRef, inputs, checklist, source, isRollback }: Admitted,
  guard: IntentGuard | undefined,
): Promise<ApprovalRow> {
  const at = deps.now()
  return deps.db.$transaction(async (tx) => {
    await guard?.(tx)
    await requireSameRunning(tx, surface, input.reviewedRunningSha)
    const override = input.overrideFreeze ?? null
    const freezes = await freezesInForce(tx, surface, at)
    const asker = { name: actor.name, userId: actor.userId, isRollback }
    const { overridden } = requireNotFrozen({ surface, freezes, override, asker })
    const row = await insertApproval(tx, {
      id: deps.newId(),
      surfaceId: surface.id,
      environment: surface.environment,
      repository: surface.repository,
      workflow: surface.workflow,
      workflowRef,
      onMoved: surface.onMoved,
      dispatchInputs: surface.dispatchInputs,
      askedInputs: inputs.asked,
      checklist,
      declaration: surface.declaration,
      workflowFile: input.basis?.workflowFile ?? inputs.workflowFile,
      ...kindOf(source),
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
    await appendAuditEvent(tx, approvalSubject(row, actor.name, at), {
      action: 'console.approval.requested',
      status: null,
      payload: {
        ...approvalFacts(row),
        reason: row.reason,
        override_reason: row.overrideReason,
        ...(checklist.length === 0 ? {} : { checklist }),
        ...(Object.keys(inputs.asked).length === 0 ? {} : { inputs: inputs.asked }),
        expires_at: row.expiresAt.toISOString(),
      },
    })
    if (row.kind === 'rollback') {
      const why = { because: 'rollback_asked', actor: actor.name, at } as const
      await disarmWatches(tx, { surfaceId: surface.id }, why)
    }
    return row
  })
}
