import 'server-only'
import type { Actor } from '~/domain/actor'
import type { CancelAnswer } from '~/domain/deploy/request'
import { isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { requireReach } from '~/server/auth/authorize'
import { recordCancelRequest, requestCancel } from '~/server/deploys/cancel/request-cancel'
import { findDeploy, readDeploy } from '~/server/deploys/deploys'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'

/** The queued job takes over if this process stops before it has asked GitHub. */
const FOLLOW_MS = 2_000

/**
 * Records the request to cancel, then asks GitHub. The deploy ends only by GitHub's record. While no run is known, the queue asks GitHub
 * as soon as the run appears. A repetition returns the state of the request.
 *
 * @throws AppError `deploy_unknown`, `permission_refused`, `deploy_ended`, `github_refused` (the request is withdrawn then)
 */
export async function cancelDeploy(deps: Deps, actor: Actor, id: string): Promise<CancelAnswer> {
  const cancelled = await deps.db.$transaction(async (tx) => {
    const deploy = await lockDeploy(tx, id)
    if (deploy === null)
      throw new AppError('deploy_unknown', `There is no deploy ${id}. Nothing was cancelled. Check the id.`)
    requireReach(actor, deploy)
    if (deploy.status === 'cancelled') return true
    if (isTerminal(deploy.status)) {
      throw new AppError('deploy_ended', `The deploy has already ended: ${deploy.status}. Nothing was cancelled.`)
    }
    const at = deps.now()
    const subject = { deployId: id, surfaceId: deploy.surfaceId, actor: actor.name, at }
    await recordCancelRequest(tx, subject, deploy.githubRunId, actor.userId)
    const runAt = new Date(at.getTime() + FOLLOW_MS)
    await addJob(tx, { task: 'reconcile_deploy', payload: { deployId: id } }, { runAt })
    return false
  })
  if (!cancelled) await askGitHub(deps, id)
  const deploy = await readDeploy(deps.db, id)
  return { id, status: deploy.status, cancel: cancelOf(deploy) }
}

async function askGitHub(deps: Deps, id: string): Promise<void> {
  const deploy = await findDeploy(deps.db, id)
  if (deploy === null || deploy.githubRunId === null || deploy.cancelAcknowledgedAt !== null) return
  const outcome = await requestCancel(deps, deploy, deploy.githubRunId)
  // The run ended before the cancellation arrived. The reconciler reads how it ended.
  if (outcome.kind === 'ended') await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId: id } })
  if (outcome.kind === 'refused') throw new AppError('github_refused', `${outcome.reason} The deploy continues.`)
}

/** The state of the request to cancel; null when there is none. */
export function cancelOf(deploy: {
  readonly cancelRequestedAt: Date | null
  readonly cancelRequestedBy: string | null
  readonly cancelAcknowledgedAt: Date | null
}): CancelAnswer['cancel'] {
  if (deploy.cancelRequestedAt === null) return null
  return {
    askedAt: deploy.cancelRequestedAt.toISOString(),
    askedBy: deploy.cancelRequestedBy ?? 'unknown',
    acknowledgedAt: deploy.cancelAcknowledgedAt?.toISOString() ?? null,
  }
}
