import 'server-only'
import { isTerminal } from '~/domain/deploy-status'
import { listSurfaces, type SurfaceRow } from '~/server/db/surfaces'
import type { Deps } from '~/server/deps'
import { measureBehind, probeSurface } from '~/server/surfaces/probe-surface'

/** A quiet surface is asked this often; one with a deploy under way or just ended, at every pass. */
const QUIET_MS = 30_000
const JUST_ENDED_MS = 60_000
/** How often the distance to the default branch is counted again: each count costs one GitHub request. */
const BEHIND_MS = 5 * 60_000

/** One pass over the surfaces that are due. A failing surface never stops the others. */
export async function probeDueSurfaces(deps: Deps): Promise<void> {
  const now = deps.now()
  const due = (await listSurfaces(deps.db)).filter((surface) => isDue(surface, now))
  const results = await Promise.allSettled(due.map((surface) => visit(deps, surface)))
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') continue
    deps.logger.warn({ surface: due[index]?.id, err: result.reason }, 'a surface could not be probed')
  }
}

function isDue({ lastDeploy, healthCheckedAt }: SurfaceRow, now: Date): boolean {
  const since = (at: Date | null) => (at === null ? Number.POSITIVE_INFINITY : now.getTime() - at.getTime())
  const moving = lastDeploy !== null && (!isTerminal(lastDeploy.status) || since(lastDeploy.finishedAt) < JUST_ENDED_MS)
  return moving || since(healthCheckedAt) >= QUIET_MS
}

async function visit(deps: Deps, surface: SurfaceRow): Promise<void> {
  const { runningSha } = await probeSurface(deps, surface)
  if (runningSha === null) return
  const countedAt = surface.behindCheckedAt?.getTime() ?? 0
  const changed = runningSha !== surface.runningSha
  if (deps.github.budget.pausedUntil(deps.now()) !== null) return
  if (changed || deps.now().getTime() - countedAt >= BEHIND_MS) await measureBehind(deps, surface, runningSha)
}
