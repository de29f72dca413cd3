import 'server-only'
import type { Actor } from '~/domain/actor'
import { GIVE_UP_AFTER_MS } from '~/domain/deploy/report'
import { awaitsRun, isKnownStatus, isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { appendAuditEvent, tokenOwner } from '~/server/audit/append-audit'
import { authorize, requireFreshProof, requireReach } from '~/server/auth/authorize'
import { type DeployRow, findDeploy, readDeploy, recordRelease } from '~/server/deploys/deploys'
import { advanceDeploy, type LockedDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'

/** The deploy's status after the release of its surface. */
export interface ReleaseAnswer {
  readonly id: string
  readonly status: string
}

/**
 * Releases a surface from a deploy, by a person's decision with a reason, since no record proves that the deploy is over:
 * - no run was seen for ten minutes: the deploy is given up and ends as cancelled;
 * - the deploy has ended, but its run is not proven to be over: the hold ends;
 * - the status is unknown to this version: an admin releases the surface, and the status stays.
 * If GitHub starts the run later, or the run goes on, the surface is held again.
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
      throw new AppError('deploy_unknown', `There is no deploy ${id}. Nothing was released. Check the id.`)
    }
    requireReach(actor, locked)
    if (locked.environment === 'production') requireFreshProof(deps, actor, `releasing ${deploy.surface.name}`)
    await releaseDeploy(tx, actor, { deploy, locked, reason, at: deps.now() })
    await recordRelease(tx, id, { at: deps.now(), by: actor.name, reason })
  })
  const { status } = await readDeploy(deps.db, id)
  deps.logger.warn({ deployId: id, by: actor.name, status }, 'a surface was released')
  return { id, status }
}

async function releaseDeploy(
  tx: DatabaseHandle,
  actor: Actor,
  held: { readonly deploy: DeployRow; readonly locked: LockedDeploy; readonly reason: string; readonly at: Date },
): Promise<void> {
  const { deploy, locked, reason, at } = held
  const { id, surfaceId, status, githubRunId, requestedAt } = deploy
  const subject = { actor: actor.name, at, deployId: id, surfaceId }
  if (isKnownStatus(status) && !isTerminal(status)) {
    if (githubRunId !== null || !awaitsRun(status)) {
      throw refused('The run of this deploy is on record.', 'Cancel the deploy, or wait until the run has ended.')
    }
    const from = new Date(requestedAt.getTime() + GIVE_UP_AFTER_MS)
    if (at < from) throw refused('The run may still appear.', `Give the deploy up after ${from.toISOString()}.`)
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
  if (isTerminal(status) && !locked.holdsSurface)
    throw refused('The deploy has ended and does not hold its surface.', '')
  if (!isTerminal(status)) {
    authorize(actor, 'deploy.release_unknown')
    if (deploy.releasedAt !== null) throw refused('The surface has already been released.', '')
  }
  const run_id = (deploy.lateRunId ?? githubRunId)?.toString() ?? null
  await appendAuditEvent(tx, subject, {
    action: 'console.deploy.released',
    status: null,
    payload: { stood_at: status, run_id, reason, ...tokenOwner(actor) },
  })
}

const refused = (why: string, next: string) =>
  new AppError('release_refused', `${why} Nothing was released. ${next}`.trimEnd())
