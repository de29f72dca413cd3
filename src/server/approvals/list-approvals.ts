import 'server-only'
import type { Actor } from '~/domain/actor'
import type { ApprovalView } from '~/domain/deploy/approval'
import { approvalView } from '~/server/approvals/approval-view'
import { listDecidedApprovals, listWaitingApprovals } from '~/server/approvals/approvals'
import { knownApproval } from '~/server/approvals/open-approval'
import type { Deps } from '~/server/deps'

type ListDeps = Pick<Deps, 'db' | 'now' | 'config'>

export interface ApprovalsPage {
  /** What waits now, what expires first at the top; with every page. */
  readonly waiting: readonly ApprovalView[]
  readonly decided: readonly ApprovalView[]
  /** Pass as `cursor` for older ones; null when there are none. */
  readonly nextCursor: string | null
}

const PAGE = 25

export async function listApprovals(deps: ListDeps, actor: Actor, cursor: string | null): Promise<ApprovalsPage> {
  const [waiting, decided] = await Promise.all([
    listWaitingApprovals(deps.db, deps.now()),
    listDecidedApprovals(deps.db, { before: cursor, limit: PAGE + 1 }),
  ])
  const shown = decided.slice(0, PAGE)
  return {
    waiting: waiting.map((row) => approvalView(deps, row, actor)),
    decided: shown.map((row) => approvalView(deps, row, actor)),
    nextCursor: decided.length > PAGE ? (shown.at(-1)?.id ?? null) : null,
  }
}

/** Throws `approval_unknown`. */
export async function getApproval(deps: ListDeps, actor: Actor, id: string): Promise<ApprovalView> {
  return approvalView(deps, await knownApproval(deps, id), actor)
}
