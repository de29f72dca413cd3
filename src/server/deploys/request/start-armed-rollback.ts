import 'server-only'
import type { Actor } from '~/domain/actor'
import type { AuditEvent } from '~/domain/audit/event'
import { ARMED_ACTOR } from '~/domain/deploy/watch'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { shortSha } from '~/domain/ref'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { queueDeliveries } from '~/server/deliveries/deliveries'
import { UNAUDITED_CODES } from '~/server/deploys/admit/audit-rejections'
import { chooseWorkflowRef } from '~/server/deploys/admit/choose-workflow-ref'
import { hasRightsNow } from '~/server/deploys/admit/current-rights'
import { type RequestedSurface, readRequest } from '~/server/deploys/admit/read-request'
import { type WatchRow, watchSelect } from '~/server/deploys/deploy-watch'
import { lockDeploy, lockWatch } from '~/server/deploys/deploys.sql'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import type { Deps } from '~/server/deps'
import { findRequester } from '~/server/members/members'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'
import { proveRollback } from '~/server/surfaces/follow/prove-rollback'

/** The last probe is this old at most. A watched surface is probed every ten seconds. */
const SEEN_WITHIN_MS = 60_000

/** What became of the start. `refused`: a person is asked instead, and the console does not try again. */
type Outcome =
  | { readonly kind: 'deploy'; readonly id: string }
  | { readonly kind: 'approval'; readonly id: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly code: string | null }

/**
 * Starts the rollback that the watch of this deploy recorded, as a person would: through `requestDeploy`, with its freezes, locks, approval and
 * one active deploy per surface. If the process stops meanwhile, the job runs again: the idempotency key finds what was recorded.
 */
export async function startArmedRollback(deps: Deps, deployId: string): Promise<void> {
  const deploy = await deps.db.deploy.findUnique({ where: { id: deployId }, select: armedSelect })
  if (deploy?.watch?.state !== 'starting') return
  await settle(deps, deploy.watch, await start(deps, deploy, deploy.watch))
}

const armedSelect = {
  id: true,
  sha: true,
  requestedBy: true,
  requestedByUserId: true,
  requestedAt: true,
  surface: {
    select: {
      id: true,
      repository: true,
      lastDeployId: true,
      health: true,
      healthCheckedAt: true,
      runningSha: true,
      runningSeenAt: true,
      outsideRunAt: true,
    },
  },
  watch: { select: watchSelect },
} satisfies Prisma.DeploySelect
type ArmedDeploy = Prisma.DeployGetPayload<{ select: typeof armedSelect }>

/** One key for each deploy: the console rolls back from it once. */
const armedKey = (deployId: string) => ({
  requestedBy: ARMED_ACTOR,
  idempotencyKey: `armed-rollback:${deployId}`,
})

/** What was already requested from this deploy. */
export async function findArmedRollback(db: DatabaseHandle, deployId: string): Promise<Outcome | null> {
  const where = { requestedBy_idempotencyKey: armedKey(deployId) }
  const select = { id: true, status: true, failureStage: true, failureDetail: true } as const
  const rollback = await db.deploy.findUnique({ where, select })
  if (rollback !== null) {
    const { id, status, failureStage, failureDetail } = rollback
    if (status !== 'failed' || failureStage !== 'dispatch_failed') return { kind: 'deploy', id }
    return refused(`GitHub refused the rollback: ${inSentence(failureDetail ?? 'no reason is on record')}.`)
  }
  const approval = await db.approval.findUnique({ where, select: { id: true } })
  return approval === null ? null : { kind: 'approval', id: approval.id }
}

async function start(deps: Deps, deploy: ArmedDeploy, watch: WatchRow): Promise<Outcome> {
  const earlier = await findArmedRollback(deps.db, deploy.id)
  if (earlier !== null) return earlier
  const key = armedKey(deploy.id)
  const { surface } = await readRequest(deps.db, { surfaceId: deploy.surface.id, ...key })
  const { targetId, targetSha } = watch
  if (surface === null || targetId === null || targetSha === null)
    return refused('The surface is not declared any more.')
  const obstacle = await findObstacle(deps, deploy, surface)
  if (obstacle !== null) return refused(obstacle)
  const actor = await armedActor(deps, deploy.requestedByUserId)
  if (actor === null) return refused(rightLost(deploy, surface))
  try {
    const resolved = { ref: targetSha, sha: targetSha }
    const input = {
      surfaceId: surface.id,
      ref: targetSha,
      // What the surface declares: `rollback: auto` in the reviewed file confirms every such rollback.
      confirmation: surface.confirm,
      reason: `The surface turned unhealthy after the deploy of ${shortSha(deploy.sha ?? '')}: ${(watch.detail ?? '').slice(0, 300)}`,
      expectedSha: targetSha,
      ...(deploy.sha === null ? {} : { reviewedRunningSha: deploy.sha }),
      basis: {
        declaration: watch.declaration,
        workflowRef: surface.onMoved === null ? surface.ref : await chooseWorkflowRef(deps.github, surface, resolved),
        workflowFile: null,
      },
      source: { kind: 'rollback', deployId: targetId },
      idempotencyKey: key.idempotencyKey,
    } as const
    const answer = await requestDeploy(deps, actor, input, (tx) => requireStillArmed(deps, tx, deploy))
    if (answer.outcome === 'queued') throw new Error('An armed rollback never asks to be queued.')
    if (answer.outcome === 'approval') return { kind: 'approval', id: answer.approval.id }
    return (await findArmedRollback(deps.db, deploy.id)) ?? { kind: 'deploy', id: answer.id }
  } catch (error) {
    // The intent may be recorded, which only a read of the database tells. The job runs again.
    if (!(error instanceof AppError) || UNAUDITED_CODES.includes(error.code)) throw error
    // The person lost the right while GitHub was asked. The console's own name would not tell whose right it was.
    return refused(error.code === 'permission_refused' ? rightLost(deploy, surface) : error.message, error.code)
  }
}

const refused = (reason: string, code: string | null = null): Outcome => ({ kind: 'refused', reason, code })

const rightLost = ({ requestedBy }: ArmedDeploy, { name }: RequestedSurface) =>
  `${inSentence(requestedBy)}, who deployed, may no longer deploy ${inSentence(name)}.`

/** Why the rollback does not start, as a sentence; null if nothing stands in the way. The request itself is checked like a person's. */
async function findObstacle(deps: Deps, deploy: ArmedDeploy, surface: RequestedSurface): Promise<string | null> {
  const { watch, requestedByUserId: userId } = deploy
  const obstacle = explainObstacle(deploy, await deps.databaseNow(deps.db))
  if (obstacle !== null) return obstacle
  const needs = ['deploy.dispatch'] as const
  if (userId === null || !(await hasRightsNow(deps.db, { userId }, { needs, surface, at: deps.now() })))
    return rightLost(deploy, surface)
  const targetSha = watch?.targetSha ?? null
  if (targetSha !== null && (await proveRollback(deps, deploy.surface, targetSha))) return null
  return `It is not proven that ${shortSha(targetSha ?? '')} only removes commits.`
}

/** The same for what only the database tells. */
function explainObstacle({ id, sha, requestedAt, surface, watch }: ArmedDeploy, now: Date): string | null {
  if (watch?.state !== 'starting') return 'The watch of this deploy has ended.'
  if (watch.until === null || now >= watch.until)
    return 'The time of the watch was over before the rollback could start.'
  if (surface.lastDeployId !== id) return 'A newer deploy was requested.'
  const { outsideRunAt, healthCheckedAt } = surface
  if (outsideRunAt !== null && outsideRunAt > requestedAt)
    return 'Somebody started the workflow outside the console after this deploy was requested.'
  const isSeen =
    surface.health === 'unhealthy' &&
    surface.runningSha === sha &&
    healthCheckedAt !== null &&
    healthCheckedAt.getTime() === surface.runningSeenAt?.getTime() &&
    now.getTime() - healthCheckedAt.getTime() <= SEEN_WITHIN_MS
  return isSeen ? null : 'When last asked, the surface did not say that it is unhealthy with this deploy.'
}

/**
 * Asking GitHub may have taken long, so the obstacles are looked for again. In the transaction that records the rollback, nothing can
 * change any more: not the watch, not the surface, not its newest deploy.
 */
async function requireStillArmed(
  deps: Pick<Deps, 'databaseNow'>,
  tx: DatabaseHandle,
  { id, surface }: ArmedDeploy,
): Promise<void> {
  await lockWatch(tx, surface.id, id)
  const deploy = await tx.deploy.findUniqueOrThrow({ where: { id }, select: armedSelect })
  const obstacle = explainObstacle(deploy, await deps.databaseNow(tx))
  if (obstacle !== null) throw new AppError('watch_over', obstacle)
}

/** The console, within the rights of the person whose deploy armed the rollback. */
async function armedActor(deps: Pick<Deps, 'db'>, userId: string | null): Promise<Actor | null> {
  const rights = userId === null ? null : await findRequester(deps.db, userId)
  if (userId === null || rights === null) return null
  return { ...rights, name: ARMED_ACTOR, userId, permissions: null, surfaces: null, via: 'console', provedAt: null }
}

/** Records what became of the start, and tells the channels. Somebody else may have recorded it first. */
async function settle(deps: Deps, { deployId, surfaceId }: WatchRow, decided: Outcome): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    await lockDeploy(tx, deployId)
    // Another run of this job may have recorded the rollback, under the same lock, since this one was refused.
    const recorded = decided.kind === 'refused' ? await findArmedRollback(tx, deployId) : null
    const outcome = recorded ?? decided
    const settled = await tx.deployWatch.updateMany({
      where: { deployId, state: 'starting' },
      data: settledColumns(outcome),
    })
    if (settled.count === 0) return
    await appendAuditEvent(tx, { actor: ARMED_ACTOR, at, deployId, surfaceId }, settledEvent(outcome))
    await queueDeliveries(tx, deployId, at, 'unhealthy')
  })
  deps.logger.info({ deployId, surface: surfaceId, outcome: decided.kind }, 'an armed rollback was started or refused')
}

function settledColumns(outcome: Outcome) {
  switch (outcome.kind) {
    case 'deploy':
      return { state: 'rolling_back', rollbackDeployId: outcome.id }
    case 'approval':
      return { state: 'approval', approvalId: outcome.id }
    case 'refused':
      return { state: 'offered', reason: outcome.reason }
  }
}

function settledEvent(outcome: Outcome): AuditEvent {
  if (outcome.kind === 'refused') {
    const { reason, code } = outcome
    const payload = { reason, ...(code === null ? {} : { code }) }
    return { action: 'console.rollback.not_started', status: null, payload }
  }
  const payload = outcome.kind === 'deploy' ? { rollback_deploy_id: outcome.id } : { approval_id: outcome.id }
  return { action: 'console.rollback.started', status: null, payload }
}
