import 'server-only'
import type { Actor } from '~/domain/actor'
import type { DeployWatch } from '~/domain/deploy/watch'
import { AppError } from '~/domain/errors'
import { requireReach } from '~/server/auth/authorize'
import { disarmWatches, viewWatch, watchSelect } from '~/server/deploys/deploy-watch'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import { findArmedRollback } from '~/server/deploys/request/start-armed-rollback'
import type { Deps } from '~/server/deps'
import type { Prisma } from '~/server/platform/generated/client.ts'

const watchedSelect = {
  status: true,
  shipped: true,
  finishedAt: true,
  watch: { select: watchSelect },
} satisfies Prisma.DeploySelect

/**
 * Ends the watch of a deploy: whatever the surface answers, the console neither offers nor starts a rollback. A repetition gets the same
 * answer.
 *
 * @throws AppError `deploy_unknown`, `permission_refused`, `watch_over`
 */
export async function stopWatch(
  deps: Pick<Deps, 'db' | 'now'>,
  actor: Actor,
  id: string,
): Promise<{ readonly id: string; readonly watch: DeployWatch | null }> {
  return deps.db.$transaction(async (tx) => {
    const deploy = await lockDeploy(tx, id)
    if (deploy === null)
      throw new AppError('deploy_unknown', `There is no deploy ${id}. Nothing was changed. Check the id.`)
    requireReach(actor, deploy)
    const now = deps.now()
    const read = async () => viewWatch(await tx.deploy.findUniqueOrThrow({ where: { id }, select: watchedSelect }), now)
    const before = await read()
    if (before?.state === 'disarmed') return { id, watch: before }
    const { surfaceId } = deploy
    // Under the deploy's row lock, no rollback is recorded meanwhile.
    const isRequested = before?.state === 'starting' && (await findArmedRollback(tx, id)) !== null
    const why = { because: 'stopped', actor: actor.name, at: now } as const
    const stopped =
      before?.stoppable === true && !isRequested && (await disarmWatches(tx, { surfaceId, deployId: id }, why)) > 0
    if (stopped) return { id, watch: await read() }
    const state = isRequested
      ? 'The console has already requested the rollback.'
      : (before?.sentences[0] ?? 'its surface declares no rollback, or it shipped nothing.')
    throw new AppError('watch_over', `Deploy ${id} is not watched: ${state} Nothing was changed.`)
  })
}
