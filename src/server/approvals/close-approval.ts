import 'server-only'
import type { Actor } from '~/domain/actor'
import type { AuditEvent } from '~/domain/audit/event'
import type { ApprovalView } from '~/domain/deploy/approval'
import { AppError } from '~/domain/errors'
import { approvalFacts, approvalSubject, approvalView } from '~/server/approvals/approval-view'
import { type ApprovalRow, decideApproval, requireApproval } from '~/server/approvals/approvals'
import { explainLostRace, requireWaiting } from '~/server/approvals/waiting-approval'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireReach } from '~/server/auth/authorize'
import type { Deps } from '~/server/deps'

type CloseDeps = Pick<Deps, 'db' | 'now' | 'config'>

/**
 * Refuses another person's request, with a reason. A repetition by the same person gets the same answer.
 *
 * @throws AppError `approval_unknown`, `permission_refused`, `approval_own`, `approval_over`
 */
export async function refuseApproval(
  deps: CloseDeps,
  actor: Actor,
  { id, reason }: { readonly id: string; readonly reason: string },
): Promise<ApprovalView> {
  const row = await requireApproval(deps, id)
  requireReach(actor, { environment: row.environment, surfaceId: row.surfaceId })
  if (row.requestedByUserId === actor.userId) {
    throw new AppError('approval_own', 'You cannot refuse your own request. Nothing was changed. Withdraw it instead.')
  }
  return close(deps, actor, row, { state: 'refused', reason })
}

/**
 * Withdraws the actor's own request.
 *
 * @throws AppError `approval_unknown`, `permission_refused` for another person's request or one beyond the actor's limits,
 *   `approval_over`
 */
export async function withdrawApproval(deps: CloseDeps, actor: Actor, id: string): Promise<ApprovalView> {
  const row = await requireApproval(deps, id)
  if (row.requestedByUserId !== actor.userId) {
    throw new AppError(
      'permission_refused',
      `Only ${row.requestedBy} can withdraw this request. Nothing was changed. Refuse it instead.`,
    )
  }
  // The actor may be a token with a narrower scope than the request.
  requireReach(actor, { environment: row.environment, surfaceId: row.surfaceId })
  return close(deps, actor, row, { state: 'withdrawn', reason: null })
}

type Closing =
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'withdrawn'; readonly reason: null }

async function close(deps: CloseDeps, actor: Actor, row: ApprovalRow, closing: Closing): Promise<ApprovalView> {
  const { state, reason } = closing
  if (row.state === state && row.decidedByUserId === actor.userId) return approvalView(deps, row, actor)
  await requireWaiting(deps, row)
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const decided = await decideApproval(tx, row.id, { state, by: actor.name, byUserId: actor.userId, at, reason })
    if (!decided) throw await explainLostRace({ ...deps, db: tx }, row.id)
    await appendAuditEvent(tx, approvalSubject(row, actor.name, at), eventOf(row, closing))
  })
  return approvalView(deps, await requireApproval(deps, row.id), actor)
}

function eventOf(row: ApprovalRow, { state, reason }: Closing): AuditEvent {
  const facts = approvalFacts(row)
  if (state === 'withdrawn') return { action: 'console.approval.withdrawn', status: null, payload: facts }
  return { action: 'console.approval.refused', status: null, payload: { ...facts, reason } }
}
