import 'server-only'
import type { Actor } from '~/domain/actor'
import type { ApprovalView } from '~/domain/deploy/approval'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { approvalFacts, approvalView } from '~/server/approvals/approval-view'
import { type ApprovalRow, decideApproval, findApproval } from '~/server/approvals/approvals'
import { checkCommit, checkFacts } from '~/server/approvals/check-facts'
import { knownApproval, lostRace, requireWaiting } from '~/server/approvals/open-approval'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireReach } from '~/server/auth/rights/authorize'
import { NO_REFUSAL, textsOf } from '~/server/deploys/admit/audit-rejections'
import { kindOf, sourceOf } from '~/server/deploys/admit/check-source'
import { requireStillMay } from '~/server/deploys/admit/current-rights'
import { explainBusySurface } from '~/server/deploys/admit/explain-busy-surface'
import type { NewDeploy } from '~/server/deploys/admit/insert-deploy'
import { insertUnlessFrozen } from '~/server/deploys/admit/insert-unless-frozen'
import { DISPATCH_FLAGS, type Intent, sendIntent } from '~/server/deploys/dispatch/send-intent'
import type { Deps } from '~/server/deps'
import { readFlags } from '~/server/flags/read-flags'
import { freezesInForce } from '~/server/freezes/freezes'
import { requireNoDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { areLinked } from '~/server/members/access-given.sql'
import type { DatabaseHandle } from '~/server/platform/database'

/**
 * Another person says yes: the facts are checked again, the decision and the intent are committed together, and GitHub is
 * asked, once. When the facts speak against it, nothing is decided and it goes on waiting. Asked again by the same person,
 * it answers with what there is.
 *
 * @throws AppError `approval_unknown`, `permission_refused`, `approval_own`, `proof_stale`, `approval_over`, `ref_moved`, `running_changed`,
 *   `ref_unknown`, `surface_archived`, `surface_changed`, `source_refused`, `requester_refused`, `approver_linked`,
 *   `surface_locked`, `frozen`, `surface_busy`, `github_unavailable`
 */
export function grantApproval(deps: Deps, actor: Actor, id: string): Promise<ApprovalView> {
  return auditingNotGranted(deps, actor, id, async () => {
    const row = await knownApproval(deps, id)
    requireReach(actor, { environment: row.environment, surfaceId: row.surfaceId })
    if (row.requestedByUserId === actor.userId) throw ownRequest()
    if (row.state !== 'granted' || row.decidedByUserId !== actor.userId) await grant(deps, actor, row)
    return approvalView(deps, await knownApproval(deps, id), actor)
  })
}

async function grant(deps: Deps, actor: Actor, row: ApprovalRow): Promise<void> {
  await requireWaiting(deps, row)
  requireFreshProof(deps, actor, `approving this deploy of ${inSentence(row.surface.name)}`)
  await checkCommit(deps, row)
  await requireNoDeployFreeze(deps, { ...row, deployFreeze: knownDeployFreeze(row) })
  const since = deps.now()
  const intent = await intentOf(deps, row, actor)
  const { deploy } = intent
  const override = row.overrideReason === null ? null : { reason: row.overrideReason, freezeIds: row.overrideFreezeIds }
  try {
    await deps.db.$transaction(async (tx) => {
      await decide(tx, deps, actor, row, deploy.id)
      const freezes = await freezesInForce(tx, { id: row.surfaceId, environment: row.environment }, since)
      await insertUnlessFrozen(tx, deploy, { surfaceName: row.surface.name, override, at: since, freezes })
    })
  } catch (error) {
    throw await explainBusySurface(deps, error, row.surface)
  }
  await sendIntent(deps, intent, since)
}

function knownDeployFreeze({ surface: { deployFreeze: reason, deployFreezeReadAt: readAt } }: ApprovalRow) {
  return reason === null || readAt === null ? null : { reason, readAt }
}

/** Takes the row first, so that of several decisions at once the facts are looked at for one only. */
async function decide(tx: DatabaseHandle, deps: Deps, actor: Actor, row: ApprovalRow, deployId: string): Promise<void> {
  const at = deps.now()
  const decision = { state: 'granted', by: actor.name, byUserId: actor.userId, at, reason: null } as const
  if (!(await decideApproval(tx, row.id, decision))) throw await lostRace({ ...deps, db: tx }, row.id)
  const surface = { id: row.surfaceId, environment: row.environment }
  await requireStillMay(tx, actor, { needs: ['deploy.approve'], surface, at })
  await checkFacts(tx, row, at)
  await checkIndependence(deps, tx, actor, row)
  await appendAuditEvent(
    tx,
    { actor: actor.name, at, surfaceId: row.surfaceId, deployId },
    { action: 'console.approval.granted', status: null, payload: approvalFacts(row) },
  )
}

/** Asked for by the one, under that one's idempotency key: the same request now finds the deploy. Approved by the other. */
async function intentOf(deps: Deps, row: ApprovalRow, actor: Actor): Promise<Intent> {
  const flags = await readFlags(deps, DISPATCH_FLAGS, row.environment)
  const deploy: NewDeploy = {
    id: deps.newId(),
    surfaceId: row.surfaceId,
    environment: row.environment,
    repository: row.repository,
    workflow: row.workflow,
    ref: row.ref,
    workflowRef: row.workflowRef,
    sha: row.sha,
    reason: row.reason,
    requestedBy: row.requestedBy,
    requestedByUserId: row.requestedByUserId,
    idempotencyKey: row.idempotencyKey,
    requestDigest: row.requestDigest,
    phaseCallbacks: flags.FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS,
    ...kindOf(sourceOf(row.kind, row.sourceId)),
    approvalId: row.id,
    approvedBy: actor.name,
  }
  return { deploy, answersAtOnce: flags.FLAG_CONSOLE_DEPLOY_ASYNC }
}

const ownRequest = () =>
  new AppError(
    'approval_own',
    'You asked for this deploy yourself, and a token of yours counts as you: another person has to approve it. Nothing was deployed.',
  )

const HOURS = 24

/**
 * Two user ids are two people only when neither was made by the other for the occasion: whoever may invite, raise or hand out
 * links for passwords could otherwise be both. In the sandbox, where one person tries everything out, it is not asked.
 *
 * @throws AppError `approver_linked`
 */
async function checkIndependence(
  { config }: Pick<Deps, 'config'>,
  tx: DatabaseHandle,
  approver: Actor,
  row: ApprovalRow,
): Promise<void> {
  if (config.sandboxUrl !== undefined) return
  const since = new Date(row.requestedAt.getTime() - HOURS * 3_600_000)
  if (!(await areLinked(tx, { one: approver.userId, other: row.requestedByUserId, since }))) return
  throw new AppError(
    'approver_linked',
    `Less than ${HOURS} hours before ${row.requestedBy} asked, or since, one of you two was given access by the other, or both ` +
      'were by the same people, so you may be one person. Nothing was deployed, and it goes on waiting: somebody else ' +
      `approves it, or it is asked for again ${HOURS} hours after that.`,
    { details: { requested_by: row.requestedBy } },
  )
}

/** Does the work of an approver; a refusal by the console itself leaves an audit row before it is thrown on. */
async function auditingNotGranted<Answer>(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  actor: Actor,
  id: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError && !NO_REFUSAL.includes(error.code)) await record(deps, actor, id, error)
    throw error
  }
}

async function record(deps: Pick<Deps, 'db' | 'now' | 'logger'>, actor: Actor, id: string, error: AppError) {
  try {
    const row = await findApproval(deps.db, id)
    if (row === null) return
    const payload = { approval_id: id, code: error.code, details: textsOf(error.details) }
    const subject = { actor: actor.name, at: deps.now(), surfaceId: row.surfaceId }
    await appendAuditEvent(deps.db, subject, { action: 'console.approval.not_granted', status: null, payload })
  } catch (cause) {
    // The refusal stands, and is the answer, even when there is nowhere to write it down.
    deps.logger.error({ approvalId: id, code: error.code, err: cause }, 'a refused approval was not audited')
  }
}
