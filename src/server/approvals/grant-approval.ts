import 'server-only'
import type { Actor } from '~/domain/actor'
import type { ApprovalView } from '~/domain/deploy/approval'
import { storedValues } from '~/domain/deploy/asked-inputs'
import { fillInputs, storedInputs } from '~/domain/deploy/inputs'
import { ARMED_ACTOR } from '~/domain/deploy/watch'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { approvalFacts, approvalView } from '~/server/approvals/approval-view'
import { type ApprovalRow, decideApproval, findApproval, requireApproval } from '~/server/approvals/approvals'
import { requireIndependence } from '~/server/approvals/independence'
import { explainLostRace, requireWaiting } from '~/server/approvals/waiting-approval'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireReach } from '~/server/auth/authorize'
import {
  passesAsRollback,
  requireSameCommit,
  requireSameRunning,
  requireSameWorkflowFile,
} from '~/server/deploys/admit/admit-request'
import { stringDetails, UNAUDITED_CODES } from '~/server/deploys/admit/audit-rejections'
import { checkSource, kindOf, requireForwardPromotion, sourceOf } from '~/server/deploys/admit/check-source'
import { chooseInputs } from '~/server/deploys/admit/choose-inputs'
import { hasRightsNow, requireCurrentRights } from '~/server/deploys/admit/current-rights'
import { explainBusySurface } from '~/server/deploys/admit/explain-busy-surface'
import { insertUnlessFrozen, type NewDeploy } from '~/server/deploys/admit/insert-deploy'
import { DISPATCH_FLAGS, type Intent, sendIntent } from '~/server/deploys/dispatch/send-intent'
import type { Deps } from '~/server/deps'
import { readFlags } from '~/server/flags/flags'
import { freezesInForce } from '~/server/freezes/freezes-in-force'
import { knownDeployFreeze, requireNoDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { resolveRef } from '~/server/github/refs'
import type { DatabaseHandle } from '~/server/platform/database'
import { presentTraceparent } from '~/server/platform/tracing'
import { declaredColumns, digestDeclaration } from '~/server/surfaces/declare/declarations'
import { findSurface } from '~/server/surfaces/surfaces'

/**
 * Grants another person's request: checks the facts again, commits the decision together with the intent, and asks GitHub once.
 * If a check fails, the approval goes on waiting. A repetition by the same person gets the stored decision.
 *
 * @throws AppError `approval_unknown`, `permission_refused`, `approval_own`, `proof_stale`, `approval_over`, `ref_moved`, `running_changed`,
 *   `ref_unknown`, `workflow_unfit`, `inputs_refused`, `surface_archived`, `surface_changed`, `source_refused`, `requester_refused`, `approver_linked`,
 *   `surface_locked`, `frozen`, `surface_busy`, `github_unavailable`
 */
export function grantApproval(deps: Deps, actor: Actor, id: string): Promise<ApprovalView> {
  return auditFailedGrant(deps, actor, id, async () => {
    const row = await requireApproval(deps, id)
    requireReach(actor, { environment: row.environment, surfaceId: row.surfaceId })
    if (row.requestedByUserId === actor.userId) throw ownRequest(row)
    if (row.state !== 'granted' || row.decidedByUserId !== actor.userId) await grant(deps, actor, row)
    return approvalView(deps, await requireApproval(deps, id), actor)
  })
}

async function grant(deps: Deps, actor: Actor, row: ApprovalRow): Promise<void> {
  await requireWaiting(deps, row)
  requireFreshProof(deps, actor, `approving this deploy of ${inSentence(row.surface.name)}`)
  await recheckCommit(deps, row)
  await requireNoDeployFreeze(deps, { ...row, deployFreeze: knownDeployFreeze(row.surface) })
  const since = deps.now()
  const intent = await intentOf(deps, row, actor)
  const surface = { id: row.surfaceId, environment: row.environment, repository: row.repository }
  const isRollback = await passesAsRollback(deps, surface, row.kind, row.sha)
  const { deploy } = intent
  const override = row.overrideReason === null ? null : { reason: row.overrideReason, freezeIds: row.overrideFreezeIds }
  try {
    await deps.db.$transaction(async (tx) => {
      await decide(tx, deps, actor, row, deploy.id)
      const freezes = await freezesInForce(tx, surface, since)
      await insertUnlessFrozen(tx, deploy, {
        surfaceName: row.surface.name,
        override,
        at: since,
        declaration: row.declaration ?? '',
        freezes,
        isRollback,
        newId: deps.newId,
      })
    })
  } catch (error) {
    throw await explainBusySurface(deps, error, row.surface)
  }
  await sendIntent(deps, intent, since)
}

/** Writes the decision first: its row lock lets only one of several concurrent decisions run the checks. */
async function decide(tx: DatabaseHandle, deps: Deps, actor: Actor, row: ApprovalRow, deployId: string): Promise<void> {
  const at = deps.now()
  const decision = { state: 'granted', by: actor.name, byUserId: actor.userId, at, reason: null } as const
  if (!(await decideApproval(tx, row.id, decision))) throw await explainLostRace({ ...deps, db: tx }, row.id)
  const surface = { id: row.surfaceId, environment: row.environment }
  await requireCurrentRights(tx, actor, { needs: ['deploy.approve'], surface, at })
  await recheckRequest(tx, row, at)
  await requireIndependence(deps, tx, actor, row, 'Nothing was deployed, and the approval still waits.')
  await appendAuditEvent(
    tx,
    { actor: actor.name, at, surfaceId: row.surfaceId, deployId },
    { action: 'console.approval.granted', status: null, payload: approvalFacts(row) },
  )
}

/** The deploy keeps the requester's idempotency key, so a repetition of the request finds the deploy. */
async function intentOf(deps: Deps, row: ApprovalRow, actor: Actor): Promise<Intent> {
  const asked = storedValues.parse(row.askedInputs)
  const surface = {
    name: row.surface.name,
    repository: row.repository,
    workflow: row.workflow,
    ref: row.workflowRef,
    onMoved: row.onMoved,
    dispatchInputs: storedInputs.parse(row.dispatchInputs),
    // Exactly what was requested is sent, even if the surface asks for more inputs now.
    dispatchAsk: Object.keys(asked),
  }
  const [flags, inputs] = await Promise.all([
    readFlags(deps, DISPATCH_FLAGS, row.environment),
    chooseInputs(deps, surface, asked, row.workflowFile !== null),
  ])
  requireSameWorkflowFile({
    surfaceName: surface.name,
    reviewed: row.workflowFile,
    now: inputs.workflowFile,
    isRollback: row.kind === 'rollback',
    kept: STILL_WAITS,
  })
  const requested = {
    id: deps.newId(),
    surfaceId: row.surfaceId,
    environment: row.environment,
    repository: row.repository,
    workflow: row.workflow,
    ref: row.ref,
    workflowRef: row.workflowRef,
    onMoved: row.onMoved,
    sha: row.sha,
    reason: row.reason,
    requestedBy: row.requestedBy,
    requestedByUserId: row.requestedByUserId,
    idempotencyKey: row.idempotencyKey,
    requestDigest: row.requestDigest,
    checklist: row.checklist,
    phaseCallbacks: flags.FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS,
    ...kindOf(sourceOf(row.kind, row.sourceId)),
    approvalId: row.id,
    approvedBy: actor.name,
  }
  const facts = { ...requested, traceparent: presentTraceparent() }
  const deploy: NewDeploy = { ...requested, inputs: { ...fillInputs(inputs.templates, facts), ...inputs.asked } }
  return { deploy, answersAtOnce: flags.FLAG_CONSOLE_DEPLOY_ASYNC }
}

const ownRequest = ({ requestedBy }: ApprovalRow) =>
  new AppError(
    'approval_own',
    requestedBy === ARMED_ACTOR
      ? 'The console requested this rollback because of your deploy. Nothing was deployed. Ask another person to approve it.'
      : 'You, or one of your API tokens, requested this deploy. Nothing was deployed. Ask another person to approve it.',
  )

/** Runs `work`. When the console refuses, an audit row records the refusal before the error is rethrown. */
async function auditFailedGrant<Answer>(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  actor: Actor,
  id: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError && !UNAUDITED_CODES.includes(error.code)) await auditRefusal(deps, actor, id, error)
    throw error
  }
}

async function auditRefusal(deps: Pick<Deps, 'db' | 'now' | 'logger'>, actor: Actor, id: string, error: AppError) {
  try {
    const row = await findApproval(deps.db, id)
    if (row === null) return
    const payload = { approval_id: id, code: error.code, details: stringDetails(error.details) }
    const subject = { actor: actor.name, at: deps.now(), surfaceId: row.surfaceId }
    await appendAuditEvent(deps.db, subject, { action: 'console.approval.not_granted', status: null, payload })
  } catch (cause) {
    // A failing database must not replace the refusal as the answer.
    deps.logger.error({ approvalId: id, code: error.code, err: cause }, 'the refusal of a grant was not audited')
  }
}

/** Asks GitHub whether the ref is still at the reviewed commit, and whether a promotion still adds commits. */
async function recheckCommit(deps: Pick<Deps, 'github' | 'db'>, row: ApprovalRow): Promise<void> {
  const source = sourceOf(row.kind, row.sourceId)
  if (source !== undefined) await requireForwardPromotion(deps, { ...row, ...row.surface }, source, row.sha)
  // The workflow's own ref is the requested one, or points at the requested commit.
  if (row.onMoved !== null) requireSameCommit(await resolveRef(deps.github, row.repository, row.workflowRef), row.sha)
  else if (source === undefined) requireSameCommit(await resolveRef(deps.github, row.repository, row.ref), row.sha)
}

/**
 * Checks the request again in the transaction that grants: the declaration, the source of the commit, the running version and
 * the requester's rights. The insert itself checks freezes and the active deploy.
 */
async function recheckRequest(tx: DatabaseHandle, row: ApprovalRow, at: Date): Promise<void> {
  const surface = await findSurface(tx, row.surfaceId)
  if (surface === null || surface.archivedAt !== null) {
    throw new AppError(
      'surface_archived',
      `${inSentence(row.surface.name)} is no longer declared in surfaces.yaml. ${STILL_WAITS}`,
    )
  }
  const declared = await tx.surface.findUniqueOrThrow({ where: { id: surface.id }, select: declaredColumns })
  if (digestDeclaration(declared) !== row.declaration) {
    const what =
      row.declaration === null
        ? 'An older version of the console took this request, and kept less of what was reviewed.'
        : `What surfaces.yaml says about ${inSentence(surface.name)}, or what this version of the console reads of it, has changed since the request.`
    throw new AppError('surface_changed', `${what} ${STILL_WAITS}`)
  }
  const source = sourceOf(row.kind, row.sourceId)
  if (source !== undefined) await checkSource(tx, surface, source, row.sha)
  await requireSameRunning(tx, surface, row.reviewedRunningSha)
  await checkRequester(tx, row, at)
}

/** Since the request, the requester may have lost membership, role or environments, and the token may have been revoked. */
async function checkRequester(tx: DatabaseHandle, row: ApprovalRow, at: Date): Promise<void> {
  const needs =
    row.overrideReason === null ? (['deploy.dispatch'] as const) : (['deploy.dispatch', 'freeze.override'] as const)
  const surface = { id: row.surfaceId, environment: row.environment }
  const who = { userId: row.requestedByUserId, tokenId: row.requestedByTokenId }
  if (await hasRightsNow(tx, who, { needs, surface, at })) return
  const what = row.overrideReason === null ? 'deploy' : 'override a freeze of'
  throw new AppError(
    'requester_refused',
    `${row.requestedBy} may no longer ${what} ${inSentence(row.surface.name)}. ${STILL_WAITS}`,
    {
      details: { requested_by: row.requestedBy },
    },
  )
}

const STILL_WAITS = 'Nothing was deployed, and the approval still waits. Refuse it, or let it expire.'
