import 'server-only'
import { AppError } from '~/domain/errors'
import { stateAt } from '~/server/approvals/approval-view'
import { type ApprovalRow, findApproval } from '~/server/approvals/approvals'
import { expireApproval } from '~/server/approvals/expire-approvals'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'

/** Throws `approval_unknown` when there is none. */
export async function knownApproval(deps: { readonly db: DatabaseHandle }, id: string): Promise<ApprovalRow> {
  const row = await findApproval(deps.db, id)
  if (row !== null) return row
  throw new AppError('approval_unknown', `There is no approval ${id}. Nothing was changed.`)
}

/** Throws `approval_over` for one that is decided; one whose time is up is closed first. */
export async function requireWaiting(deps: Pick<Deps, 'db' | 'now'>, row: ApprovalRow): Promise<void> {
  const state = stateAt(row, deps.now())
  if (state === 'waiting') return
  if (row.state === 'waiting') await expireApproval(deps, row)
  throw approvalOver({ ...row, state })
}

/** What whoever lost the race is told: how it was decided, and by whom. */
export async function lostRace(
  deps: { readonly db: DatabaseHandle; readonly now: () => Date },
  id: string,
): Promise<AppError> {
  const row = await knownApproval(deps, id)
  return approvalOver({ ...row, state: stateAt(row, deps.now()) })
}

function approvalOver({ id, state, decidedBy, deploy }: ApprovalRow): AppError {
  const by = decidedBy === null || state === 'expired' ? '' : ` by ${decidedBy}`
  return new AppError(
    'approval_over',
    `This approval is ${state}${by}. ${state === 'granted' ? 'Nothing else was started.' : 'Nothing was deployed; ask again for a new one.'}`,
    { details: { approval_id: id, state, ...(deploy === null ? {} : { deploy_id: deploy.id }) } },
  )
}
