import 'server-only'
import type { Actor } from '~/domain/actor'
import { explainHold } from '~/domain/deploy/report'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { appendAuditEvent, tokenOwner } from '~/server/audit/append-audit'
import { requireFreshProof, requireReach } from '~/server/auth/authorize'
import { hasRightsNow } from '~/server/deploys/admit/current-rights'
import { holdingRunId } from '~/server/deploys/admit/explain-busy-surface'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'
import { aheadSelect, behindSelect, queueStateOf, readHasAlarm } from '~/server/queue/queued-requests'

/** The deploy after which the queue goes on. */
export interface ContinueAnswer {
  readonly surfaceId: string
  readonly deployId: string
}

/**
 * Lets the queue go on after a deploy that did not end well, or that left its surface unhealthy, by a person's decision. A repetition gets
 * the same answer.
 *
 * @throws AppError `surface_unknown`, `permission_refused`, `proof_stale`, `queue_not_stopped`, `surface_busy` while the deploy holds the surface
 */
export async function continueQueue(
  deps: Pick<Deps, 'db' | 'now'>,
  actor: Actor,
  { surfaceId, deployId }: ContinueAnswer,
): Promise<ContinueAnswer> {
  await deps.db.$transaction(async (tx) => {
    await lockDeploy(tx, deployId)
    const surface = await readSurface(tx, surfaceId)
    requireReach(actor, { environment: surface.environment, surfaceId })
    if (surface.environment === 'production') requireFreshProof(deps, actor, `continuing the queue of ${surface.name}`)
    const { lastDeploy } = surface
    if (lastDeploy === null || lastDeploy.id !== deployId) {
      throw notStopped(surface.name, 'Another deploy has started since.')
    }
    if (lastDeploy.holdsSurface) {
      const why = explainHold(surface.name, holdingRunId(lastDeploy))
      throw new AppError('surface_busy', `${why} The queue was not continued.`, { details: { deploy_id: deployId } })
    }
    const at = deps.now()
    const rights = {
      needs: ['deploy.dispatch'],
      surface: { id: surfaceId, environment: surface.environment },
      at,
    } as const
    if (!(await hasRightsNow(tx, actor, rights))) {
      throw new AppError(
        'permission_refused',
        `${inSentence(actor.name)} may no longer deploy ${inSentence(surface.name)}. The queue was not continued. Ask an admin for access.`,
      )
    }
    const { stop, wait, continueAfter } = queueStateOf(surface, await readHasAlarm(tx, surface), at)
    if (continueAfter === null && lastDeploy.queueContinuedAt !== null) return
    if (continueAfter === null) throw notStopped(surface.name, wait ?? 'It goes on by itself.')
    await tx.deploy.updateMany({
      where: { id: deployId },
      data: { queueContinuedAt: at, queueContinuedBy: actor.name },
    })
    await appendAuditEvent(
      tx,
      { actor: actor.name, at, surfaceId, deployId },
      {
        action: 'console.queue.continued',
        status: null,
        payload: { stood_at: lastDeploy.status, despite: stop?.why ?? wait ?? '', ...tokenOwner(actor) },
      },
    )
    await addJob(tx, { task: 'take_turn', payload: { surfaceId } })
  })
  return { surfaceId, deployId }
}

async function readSurface(tx: DatabaseHandle, id: string) {
  const lastDeploy = { select: { ...aheadSelect, githubRunId: true } } as const
  const select = { ...behindSelect, name: true, environment: true, lastDeploy } as const
  const surface = await tx.surface.findUnique({ where: { id }, select })
  if (surface !== null) return surface
  throw new AppError('surface_unknown', `There is no surface "${id}". Nothing was changed. Check the id.`)
}

const notStopped = (name: string, why: string) =>
  new AppError('queue_not_stopped', `The queue of ${inSentence(name)} has not stopped. ${why} Nothing was changed.`)
