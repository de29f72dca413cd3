import 'server-only'
import { type DeployRow, findDeploy } from '~/server/db/deploys'
import { LOOKUP_TIMEOUT_MS, mayResolveRun, resolveRun } from '~/server/deploys/resolve-run'
import type { Deps } from '~/server/deps'

/** What a dispatch waits at most when FLAG_CONSOLE_DEPLOY_ASYNC is off; it answers anyway after that. */
const WAIT_MS = 25_000
const PAUSE_MS = 2_000

/** Waits until the run of a dispatched deploy is known, by whichever way it becomes known first. */
export async function waitForRun(deps: Deps, id: string): Promise<void> {
  // A look-up that begins later could take longer than there is left.
  const lastLookup = deps.now().getTime() + WAIT_MS - LOOKUP_TIMEOUT_MS
  while (true) {
    const deploy = await recordedDeploy(deps, id)
    if (!mayResolveRun(deploy, deps.now())) return
    if ((await resolveRun(deps, deploy)) !== null) return
    if (deps.now().getTime() + PAUSE_MS > lastLookup) return
    await deps.pause(PAUSE_MS)
  }
}

/** A deploy that was committed before: its absence is a defect, not an answer. */
export async function recordedDeploy(deps: Pick<Deps, 'db'>, id: string): Promise<DeployRow> {
  const deploy = await findDeploy(deps.db, id)
  if (deploy === null) throw new Error(`deploy ${id} was recorded and is gone`)
  return deploy
}
