import 'server-only'
import type { Actor } from '~/domain/actor'
import type { CancelAnswer } from '~/domain/deploy/request'
import { isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { requireReach } from '~/server/auth/rights/authorize'
import { recordCancelRequest } from '~/server/deploys/cancel/cancellations'
import { requestCancel } from '~/server/deploys/cancel/request-cancel'
import { findDeploy } from '~/server/deploys/deploys'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import { recordedDeploy } from '~/server/deploys/dispatch/wait-for-run'
import type { Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'

/** When the queue looks after it: GitHub has been asked by then, or this process died before it could. */
const FOLLOW_MS = 2_000

/**
 * Asks for the end of a deploy: recorded, then asked of GitHub, then ended by what GitHub says, never before. Without a
 * known run GitHub cannot be asked yet; the queue does as soon as the run is known, and a deploy that GitHub never
 * started is failed by the reconciler. Asked again, it answers with where the request stands.
 *
 * @throws AppError `deploy_unknown`, `permission_refused`, `deploy_ended`, `github_refused` (the request is taken back then)
 */
export async function cancelDeploy(deps: Deps, actor: Actor, id: string): Promise<CancelAnswer> {
  const cancelled = await deps.db.$transaction(async (tx) => {
    const deploy = await lockDeploy(tx, id)
    if (deploy === null) throw new AppError('deploy_unknown', `There is no deploy ${id}. Nothing was cancelled.`)
    requireReach(actor, deploy)
    if (deploy.status === 'cancelled') return true
    if (isTerminal(deploy.status)) {
      throw new AppError('deploy_ended', `The deploy has ended already: ${deploy.status}. Nothing was cancelled.`)
    }
    const at = deps.now()
    await recordCancelRequest(
      tx,
      { deployId: id, surfaceId: deploy.surfaceId, actor: actor.name, userId: actor.userId, at },
      deploy.githubRunId,
    )
    const runAt = new Date(at.getTime() + FOLLOW_MS)
    await addJob(tx, { task: 'reconcile_deploy', payload: { deployId: id } }, { runAt })
    return false
  })
  if (!cancelled) await askGitHub(deps, id)
  const deploy = await recordedDeploy(deps, id)
  return { id, status: deploy.status, cancel: cancelOf(deploy) }
}

async function askGitHub(deps: Deps, id: string): Promise<void> {
  const deploy = await findDeploy(deps.db, id)
  if (deploy === null || deploy.githubRunId === null || deploy.cancelAcknowledgedAt !== null) return
  const outcome = await requestCancel(deps, deploy, deploy.githubRunId)
  // The run was quicker: how it ended is GitHub's to say, and is asked at once.
  if (outcome.kind === 'ended') await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId: id } })
  if (outcome.kind === 'refused') throw new AppError('github_refused', `${outcome.reason} The deploy goes on.`)
}

/** Where a request to cancel stands; null when there is none. */
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
