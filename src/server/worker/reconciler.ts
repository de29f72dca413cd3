import 'server-only'
import { listSilentDeploys } from '~/server/deploys/deploys'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import type { Deps } from '~/server/deps'
import { unlockAbandonedJobs } from '~/server/platform/jobs.sql'

/** Contract.md, "Reconciler": every 60 s, for every unfinished deploy silent for more than 60 s. */
const SILENT_MS = 60_000
/** Deploys looked at in one pass; each costs two or three of GitHub's 5,000 requests an hour. */
const PASS_LIMIT = 50
/** A pass ends before the next one is due; the longest silent come first, so the rest has its turn then. */
const PASS_MS = 50_000
/**
 * Less than lies between a pass's last look and the next pass, so that every pass looks at every silent deploy; more than
 * lies between the pass of a start and the schedule's own when they coincide.
 */
const LOOKED_MS = 5_000
/** Longer than any task takes. */
const ABANDONED_MS = 3 * 60_000

/** One pass. A deploy GitHub does not answer for is left as it is, and the others are still looked at. */
export async function reconcileSilentDeploys(deps: Deps, stop?: AbortSignal, silentMs = SILENT_MS): Promise<void> {
  const started = deps.now().getTime()
  await unlockAbandonedJobs(deps.db, new Date(started - ABANDONED_MS))
  const since = {
    silentSince: new Date(started - silentMs),
    notLookedSince: new Date(started - Math.min(silentMs, LOOKED_MS)),
  }
  for (const { id } of await listSilentDeploys(deps.db, since, PASS_LIMIT)) {
    if (stop?.aborted === true || deps.now().getTime() - started > PASS_MS) return
    const paused = deps.github.budget.pausedUntil(deps.now(), 'running')
    if (paused !== null)
      return deps.logger.warn({ until: paused }, 'GitHub’s rate limit is used up or reserved; the pass stops here')
    await reconcileDeploy(deps, id).catch((error) =>
      deps.logger.warn({ deployId: id, err: error }, 'not reconciled; the next pass tries again'),
    )
  }
}
