import 'server-only'
import type { Actor } from '~/domain/actor'
import { GIVE_UP_AFTER_MS } from '~/domain/deploy/account'
import { awaitsRun, isKnownStatus, isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { appendAuditEvent, tokenOwner } from '~/server/audit/append-audit'
import { authorize, requireFreshProof, requireReach } from '~/server/auth/rights/authorize'
import { type DeployRow, findDeploy, recordRelease } from '~/server/deploys/deploys'
import { advanceDeploy, type LockedDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import { recordedDeploy } from '~/server/deploys/dispatch/wait-for-run'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'

/** Where the deploy stands after its surface was released. */
export interface ReleaseAnswer {
  readonly id: string
  readonly status: string
}

/**
 * Frees a surface from a deploy that nothing on record ends. Somebody decides that, with a reason, since nothing proves it:
 * - no run was seen for ten minutes: the deploy is given up, and ends as cancelled;
 * - it has ended, and its run is not proven to be over: the hold ends;
 * - its status is one that this version does not know: an admin frees the surface, and the status stays.
 * GitHub may still start, or go on with, the run. When that is seen, the surface is held again.
 *
 * @throws AppError `deploy_unknown`, `permission_refused`, `proof_stale`, `release_refused`
 */
export async function releaseSurface(
  deps: Pick<Deps, 'db' | 'now' | 'logger' | 'config'>,
  actor: Actor,
  release: { readonly id: string; readonly reason: string },
): Promise<ReleaseAnswer> {
  const { id, reason } = release
  await deps.db.$transaction(async (tx) => {
    const locked = await lockDeploy(tx, id)
    const deploy = await findDeploy(tx, id)
    if (locked === null || deploy === null) {
      throw new AppError('deploy_unknown', `There is no deploy ${id}. Nothing was released.`)
    }
    requireReach(actor, locked)
    if (locked.environment === 'production') requireFreshProof(deps, actor, `releasing ${deploy.surface.name}`)
    await end(tx, actor, { deploy, locked, reason, at: deps.now() })
    await recordRelease(tx, id, { at: deps.now(), by: actor.name, reason })
  })
  const { status } = await recordedDeploy(deps, id)
  deps.logger.warn({ deployId: id, by: actor.name, status }, 'a surface was released')
  return { id, status }
}

async function end(
  tx: DatabaseHandle,
  actor: Actor,
  held: { readonly deploy: DeployRow; readonly locked: LockedDeploy; readonly reason: string; readonly at: Date },
): Promise<void> {
  const { deploy, locked, reason, at } = held
  const { id, surfaceId, status, githubRunId, requestedAt } = deploy
  const subject = { actor: actor.name, at, deployId: id, surfaceId }
  if (isKnownStatus(status) && !isTerminal(status)) {
    if (githubRunId !== null || !awaitsRun(status)) {
      throw refused('Its run is on record. Cancel the deploy, or wait for the end of the run.')
    }
    const from = new Date(requestedAt.getTime() + GIVE_UP_AFTER_MS)
    if (at < from) throw refused(`No run was seen yet; it can be given up from ${from.toISOString()}.`)
    await advanceDeploy(tx, {
      ...subject,
      to: 'cancelled',
      event: {
        action: 'console.deploy.given_up',
        status: 'cancelled',
        payload: { from: status, reason, ...tokenOwner(actor) },
      },
    })
    return
  }
  if (isTerminal(status) && !locked.holdsSurface) throw refused('It has ended and does not hold its surface.')
  if (!isTerminal(status)) {
    authorize(actor, 'deploy.release_unknown')
    if (deploy.releasedAt !== null) throw refused('Its surface is released already.')
  }
  const run_id = (deploy.lateRunId ?? githubRunId)?.toString() ?? null
  await appendAuditEvent(tx, subject, {
    action: 'console.deploy.released',
    status: null,
    payload: { stood_at: status, run_id, reason, ...tokenOwner(actor) },
  })
}

const refused = (why: string) => new AppError('release_refused', `${why} Nothing was released.`)
