import 'server-only'
import { listSilentDeploys } from '~/server/db/deploys'
import { reconcileDeploy } from '~/server/deploys/reconcile-deploy'
import type { Deps } from '~/server/deps'

/** Contract.md, "Reconciler": every 60 s, for every unfinished deploy silent for more than 60 s. */
const SILENT_MS = 60_000
/** Deploys looked at in one pass; each costs two or three of GitHub's 5,000 requests an hour. */
const PASS_LIMIT = 50

/** One pass. A deploy GitHub does not answer for is left as it is, and the others are still looked at. */
export async function reconcileSilentDeploys(deps: Deps): Promise<void> {
  const silentSince = new Date(deps.now().getTime() - SILENT_MS)
  for (const { id } of await listSilentDeploys(deps.db, silentSince, PASS_LIMIT)) {
    await reconcileDeploy(deps, id).catch((error) =>
      deps.logger.warn({ deployId: id, err: error }, 'not reconciled; the next pass tries again'),
    )
  }
}
