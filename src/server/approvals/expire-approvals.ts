import 'server-only'
import { approvalFacts, subjectOf } from '~/server/approvals/approval-view'
import { type ApprovalRow, decideApproval, listOverdueApprovals } from '~/server/approvals/approvals'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'

type ExpireDeps = Pick<Deps, 'db' | 'now'>

/** One pass: closes what nobody answered in time. Any number of replicas may do so at once. */
export async function expireApprovals(deps: ExpireDeps): Promise<void> {
  for (const row of await listOverdueApprovals(deps.db, deps.now())) await expireApproval(deps, row)
}

/** Closes one whose time is up, with its audit row; without effect on any other. */
export async function expireApproval(deps: ExpireDeps, row: ApprovalRow): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const decision = { state: 'expired', by: 'console', byUserId: null, at, reason: null } as const
    if (!(await decideApproval(tx, row.id, decision))) return
    await appendAuditEvent(tx, subjectOf(row, 'console', at), {
      action: 'console.approval.expired',
      status: null,
      payload: approvalFacts(row),
    })
  })
}
