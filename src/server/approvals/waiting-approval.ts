import 'server-only'
import { AppError } from '~/domain/errors'
import { approvalFacts, approvalSubject, stateAt } from '~/server/approvals/approval-view'
import { type ApprovalRow, decideApproval, listOverdueApprovals, requireApproval } from '~/server/approvals/approvals'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'

type ExpireDeps = Pick<Deps, 'db' | 'now'>

/** Throws `approval_over` for an approval that is decided or expired. Records an expiry first. */
export async function requireWaiting(deps: ExpireDeps, row: ApprovalRow): Promise<void> {
  const state = stateAt(row, deps.now())
  if (state === 'waiting') return
  if (row.state === 'waiting') await expireApproval(deps, row)
  throw approvalOver({ ...row, state })
}

/** The error for a decision that came second: how the approval was decided, and by whom. */
export async function explainLostRace(
  deps: { readonly db: DatabaseHandle; readonly now: () => Date },
  id: string,
): Promise<AppError> {
  const row = await requireApproval(deps, id)
  return approvalOver({ ...row, state: stateAt(row, deps.now()) })
}

function approvalOver({ id, state, decidedBy, deploy }: ApprovalRow): AppError {
  const by = decidedBy === null || state === 'expired' ? '' : ` by ${decidedBy}`
  const next =
    state === 'granted' ? 'No second deploy was started.' : 'Nothing was deployed. Send a new request for this deploy.'
  return new AppError('approval_over', `This approval is already ${state}${by}. ${next}`, {
    details: { approval_id: id, state, ...(deploy === null ? {} : { deploy_id: deploy.id }) },
  })
}

/** Records every expiry that is due. Any number of processes may run this pass at once. */
export async function expireApprovals(deps: ExpireDeps): Promise<void> {
  for (const row of await listOverdueApprovals(deps.db, deps.now())) await expireApproval(deps, row)
}

export async function expireApproval(deps: ExpireDeps, row: ApprovalRow): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const decision = { state: 'expired', by: 'console', byUserId: null, at, reason: null } as const
    if (!(await decideApproval(tx, row.id, decision))) return
    await appendAuditEvent(tx, approvalSubject(row, 'console', at), {
      action: 'console.approval.expired',
      status: null,
      payload: approvalFacts(row),
    })
  })
}
