import 'server-only'
import { type Actor, may, reaches } from '~/domain/actor'
import { APPROVAL_STATES, type ApprovalState, type ApprovalView, DEPLOY_KINDS } from '~/domain/deploy/approval'
import type { ApprovalRow } from '~/server/approvals/approvals'
import { type AuditSubject, tokenOwner } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'
import { commitUrl } from '~/server/github/web-urls'

/** An approval as one actor sees it. */
export function approvalView(deps: Pick<Deps, 'config' | 'now'>, row: ApprovalRow, actor: Actor): ApprovalView {
  const state = stateAt(row, deps.now())
  const yours = row.requestedByUserId === actor.userId
  const reach = { environment: row.environment, surfaceId: row.surfaceId }
  return {
    id: row.id,
    state,
    surface: row.surface,
    repository: row.repository,
    workflow: row.workflow,
    kind: DEPLOY_KINDS.find((kind) => kind === row.kind) ?? 'deploy',
    sourceId: row.sourceId,
    ref: row.ref,
    sha: row.sha,
    expectedRunningSha: row.reviewedRunningSha,
    commitUrl: commitUrl(deps.config.githubApiUrl, row.repository, row.sha),
    reason: row.reason,
    overrideReason: row.overrideReason,
    overrideFreezeIds: row.overrideFreezeIds,
    requestedBy: row.requestedBy,
    requestedByOwner: row.owner,
    requestedAt: row.requestedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    decision:
      row.decidedBy === null || row.decidedAt === null
        ? null
        : { by: row.decidedBy, at: row.decidedAt.toISOString(), reason: row.decisionReason },
    deployId: row.deploy?.id ?? null,
    yours,
    decidable: state === 'waiting' && !yours && may(actor, 'deploy.approve') && reaches(actor, reach),
  }
}

/** One whose time is up is over, even before the worker has written that down. */
export function stateAt(row: Pick<ApprovalRow, 'state' | 'expiresAt'>, now: Date): ApprovalState {
  const state = APPROVAL_STATES.find((known) => known === row.state)
  if (state === undefined) throw new Error(`an approval is stored as ${row.state}`)
  return state === 'waiting' && row.expiresAt <= now ? 'expired' : state
}

/** What every audit row about an approval says. */
export const approvalFacts = (
  row: Pick<ApprovalRow, 'id' | 'kind' | 'ref' | 'sha' | 'requestedBy' | 'requestedByUserId'>,
) => ({
  approval_id: row.id,
  kind: row.kind,
  ref: row.ref,
  sha: row.sha,
  requested_by: row.requestedBy,
  ...tokenOwner({ name: row.requestedBy, userId: row.requestedByUserId }),
})

export const subjectOf = (row: Pick<ApprovalRow, 'surfaceId'>, actor: string, at: Date): AuditSubject => ({
  actor,
  at,
  surfaceId: row.surfaceId,
})
