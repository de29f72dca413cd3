import 'server-only'
import { newestOutsideRun, type OutsideRun } from '~/domain/outside-run'
import { runsOfDeploys } from '~/server/db/deploys'
import { listSurfaces, recordOutsideRun, type SurfaceRow } from '~/server/db/surfaces'
import { noticeOwnRuns } from '~/server/deploys/notice-own-runs'
import type { Deps } from '~/server/deps'
import { listNewestRuns } from '~/server/github/list-runs'

type OutsideDeps = Pick<Deps, 'db' | 'github' | 'logger' | 'now'>

/**
 * One pass: looks for deploys that happened without the console, and for second runs of the console's own. One request per
 * workflow, however many surfaces it ships. A workflow GitHub does not list now keeps what was seen of it before.
 */
export async function findOutsideRuns(deps: OutsideDeps, stop?: AbortSignal): Promise<void> {
  const surfaces = await listSurfaces(deps.db)
  const environments = [...new Set(surfaces.map(({ environment }) => environment))]
  const workflowOf = ({ repository, workflow }: SurfaceRow) => `${repository} ${workflow}`
  for (const workflow of new Set(surfaces.map(workflowOf))) {
    if (stop?.aborted === true || deps.github.budget.pausedUntil(deps.now(), 'background') !== null) return
    const shipped = surfaces.filter((surface) => workflowOf(surface) === workflow)
    await look(deps, shipped, environments).catch((error) =>
      deps.logger.warn({ workflow, err: error }, 'runs outside the console are not known now'),
    )
  }
}

async function look(deps: OutsideDeps, shipped: readonly SurfaceRow[], environments: readonly string[]): Promise<void> {
  const [first] = shipped
  if (first === undefined) return
  const runs = await listNewestRuns(deps.github, first.repository, first.workflow)
  const deployIds = await noticeOwnRuns(deps, runs)
  const ours = await runsOfDeploys(
    deps.db,
    runs.map(({ id }) => id),
  )
  for (const surface of shipped) {
    const run = newestOutsideRun(runs, surface, { environments, ours, deployIds })
    if (!isKnown(surface, run)) await recordOutsideRun(deps.db, surface.id, run)
  }
}

/** Most passes find what the one before found: nothing is written then. */
function isKnown(surface: SurfaceRow, run: OutsideRun | null): boolean {
  if (run === null) return surface.outsideRunId === null
  const sameAttempt = surface.outsideRunAt?.getTime() === Date.parse(run.startedAt)
  return run.id === surface.outsideRunId && run.state === surface.outsideRunState && sameAttempt
}
