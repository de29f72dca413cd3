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
import { lockDeploy } from '~/server/deploys/deploys.sql'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import type { Deps } from '~/server/deps'
import { findRequester } from '~/server/members/members'
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
  surface: {
    select: {
      id: true,
      repository: true,
      lastDeployId: true,
      health: true,
      healthDetail: true,
      healthCheckedAt: true,
      runningSha: true,
      runningSeenAt: true,
    },
  },
  watch: { select: watchSelect },
} satisfies Prisma.DeploySelect
type ArmedDeploy = Prisma.DeployGetPayload<{ select: typeof armedSelect }>

/** One key for each deploy: the console rolls back from it once. */
const armedKey = (deployId: string) => `armed-rollback:${deployId}`

async function start(deps: Deps, deploy: ArmedDeploy, watch: WatchRow): Promise<Outcome> {
  const idempotencyKey = armedKey(deploy.id)
  const key = { requestedBy: ARMED_ACTOR, idempotencyKey }
  const request = await readRequest(deps.db, { surfaceId: deploy.surface.id, ...key })
  if (request.deploy !== null) return { kind: 'deploy', id: request.deploy.id }
  const approval = await deps.db.approval.findUnique({
    where: { requestedBy_idempotencyKey: key },
    select: { id: true },
  })
  if (approval !== null) return { kind: 'approval', id: approval.id }
  const { surface } = request
  const { targetId, targetSha } = watch
  if (surface === null || targetId === null || targetSha === null)
    return refused('The surface is not declared any more.')
  const obstacle = await findObstacle(deps, deploy, watch, surface)
  if (obstacle !== null) return refused(obstacle)
  const actor = await armedActor(deps, deploy.requestedByUserId)
  if (actor === null) return refused(rightLost(deploy, surface))
  try {
    const resolved = { ref: targetSha, sha: targetSha }
    const answer = await requestDeploy(deps, actor, {
      surfaceId: surface.id,
      ref: targetSha,
      // What the surface declares: whoever declared `rollback: auto` confirmed every such rollback.
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
      idempotencyKey,
    })
    if (answer.outcome === 'queued') throw new Error('An armed rollback never asks to be queued.')
    return answer.outcome === 'deploy'
      ? { kind: 'deploy', id: answer.id }
      : { kind: 'approval', id: answer.approval.id }
  } catch (error) {
    // The intent may be recorded, which only a read of the database tells. The job runs again.
    if (!(error instanceof AppError) || UNAUDITED_CODES.includes(error.code)) throw error
    return refused(error.message, error.code)
  }
}

const refused = (reason: string, code: string | null = null): Outcome => ({ kind: 'refused', reason, code })

const rightLost = ({ requestedBy }: ArmedDeploy, { name }: RequestedSurface) =>
  `${inSentence(requestedBy)}, who deployed, may no longer deploy ${inSentence(name)}.`

/** Why the rollback does not start, as a sentence; null if nothing stands in the way. The request itself checks all that it checks of a person's. */
async function findObstacle(
  deps: Deps,
  deploy: ArmedDeploy,
  watch: WatchRow,
  surface: RequestedSurface,
): Promise<string | null> {
  const now = deps.now()
  const { surface: seen, requestedByUserId: userId } = deploy
  if (watch.until === null || now >= watch.until)
    return 'The time of the watch was over before the rollback could start.'
  if (seen.lastDeployId !== deploy.id) return 'A newer deploy was requested.'
  const isSeen =
    seen.health === 'unhealthy' &&
    seen.runningSha === deploy.sha &&
    seen.healthCheckedAt !== null &&
    seen.healthCheckedAt.getTime() === seen.runningSeenAt?.getTime() &&
    now.getTime() - seen.healthCheckedAt.getTime() <= SEEN_WITHIN_MS
  if (!isSeen) return 'When last asked, the surface did not say that it is unhealthy with this deploy.'
  const needs = ['deploy.dispatch'] as const
  if (userId === null || !(await hasRightsNow(deps.db, { userId }, { needs, surface, at: now })))
    return rightLost(deploy, surface)
  if (watch.targetSha !== null && (await proveRollback(deps, seen, watch.targetSha))) return null
  return `It is not proven that ${shortSha(watch.targetSha ?? '')} only removes commits.`
}

/** The console, within the rights of the person whose deploy armed the rollback. */
async function armedActor(deps: Pick<Deps, 'db'>, userId: string | null): Promise<Actor | null> {
  const rights = userId === null ? null : await findRequester(deps.db, userId)
  if (userId === null || rights === null) return null
  return { ...rights, name: ARMED_ACTOR, userId, permissions: null, surfaces: null, via: 'console', provedAt: null }
}

/** Records what became of the start, and tells the channels. Somebody else may have recorded it first. */
async function settle(deps: Deps, { deployId, surfaceId }: WatchRow, outcome: Outcome): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    await lockDeploy(tx, deployId)
    const settled = await tx.deployWatch.updateMany({
      where: { deployId, state: 'starting' },
      data: settledColumns(outcome),
    })
    if (settled.count === 0) return
    await appendAuditEvent(tx, { actor: ARMED_ACTOR, at, deployId, surfaceId }, settledEvent(outcome))
    await queueDeliveries(tx, deployId, at, 'unhealthy')
  })
  deps.logger.info({ deployId, surface: surfaceId, outcome: outcome.kind }, 'an armed rollback was started or refused')
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
