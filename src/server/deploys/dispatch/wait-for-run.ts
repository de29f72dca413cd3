import 'server-only'
import { type DeployRow, findDeploy } from '~/server/deploys/deploys'
import { LOOKUP_TIMEOUT_MS } from '~/server/deploys/runs/find-run'
import { mayResolveRun, resolveRun } from '~/server/deploys/runs/resolve-run'
import type { Deps } from '~/server/deps'

/** What a dispatch may take, waiting included, when FLAG_CONSOLE_DEPLOY_ASYNC is off; it answers anyway after that. */
const WAIT_MS = 25_000
const PAUSE_MS = 2_000

/** Waits until the run of a dispatched deploy is known, by whichever way it becomes known first. */
export async function waitForRun(deps: Deps, id: string, since: Date): Promise<void> {
  const deadline = since.getTime() + WAIT_MS
  const left = () => deadline - deps.now().getTime()
  while (left() > 0) {
    const deploy = await recordedDeploy(deps, id)
    if (!mayResolveRun(deploy, deps.now())) return
    if ((await resolveRun(deps, deploy, Math.min(left(), LOOKUP_TIMEOUT_MS))) !== null) return
    await deps.pause(Math.min(PAUSE_MS, Math.max(left(), 0)))
  }
}

/** A deploy that was committed before: its absence is a defect, not an answer. */
export async function recordedDeploy(deps: Pick<Deps, 'db'>, id: string): Promise<DeployRow> {
  const deploy = await findDeploy(deps.db, id)
  if (deploy === null) throw new Error(`deploy ${id} was recorded and is gone`)
  return deploy
}
