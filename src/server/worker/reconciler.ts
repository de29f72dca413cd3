import 'server-only'
import { listSilentDeploys } from '~/server/deploys/deploys'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import type { Deps } from '~/server/deps'
import { unlockAbandonedJobs } from '~/server/platform/jobs.sql'

/** A deploy without an event for this long is reconciled in every pass (docs/contract.md, "Reconciler"). */
const SILENT_MS = 60_000
/** The most deploys in one pass. Each costs two or three of GitHub's 5,000 requests an hour. */
const PASS_LIMIT = 50
/** A pass ends before the next one starts. The deploys with the oldest look come first, so the next pass reaches the rest. */
const PASS_MS = 50_000
/** Two passes within this time do not look at the same deploy twice. Shorter than the pause between passes. */
const LOOKED_MS = 5_000
/** Longer than any task takes. */
const ABANDONED_MS = 3 * 60_000

/** Runs one pass. A deploy whose look fails keeps its status, and the pass goes on. */
export async function reconcileSilentDeploys(deps: Deps, stop?: AbortSignal, silentMs = SILENT_MS): Promise<void> {
  const started = deps.now().getTime()
  await unlockAbandonedJobs(deps.db, new Date(started - ABANDONED_MS))
  const since = {
    silentSince: new Date(started - silentMs),
    notLookedSince: new Date(started - Math.min(silentMs, LOOKED_MS)),
  }
  for (const { id } of await listSilentDeploys(deps.db, since, PASS_LIMIT)) {
    if (stop?.aborted === true || deps.now().getTime() - started > PASS_MS) return
    const paused = deps.github.rateLimit.pausedUntil(deps.now(), 'running')
    if (paused !== null)
      return deps.logger.warn({ until: paused }, 'GitHub’s rate limit is used up or reserved; the pass ends early')
    await reconcileDeploy(deps, id).catch((error) =>
      deps.logger.warn({ deployId: id, err: error }, 'a deploy was not reconciled; the next pass tries again'),
    )
  }
}
