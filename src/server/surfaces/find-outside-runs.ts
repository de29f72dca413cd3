import 'server-only'
import { type ListedRun, newestOutsideRun, type OutsideRun } from '~/domain/outside-run'
import { runsOfDeploys } from '~/server/db/deploys'
import { listSurfaces, recordOutsideRun, type SurfaceRow } from '~/server/db/surfaces'
import { noticeOwnRuns } from '~/server/deploys/notice-own-runs'
import type { Deps } from '~/server/deps'
import type { GitHub } from '~/server/github/client'
import { listNewestRuns } from '~/server/github/list-runs'

/** The newest run of each workflow that a pass of this process has dealt with: the next one need not read past it. */
const newestKnown = new WeakMap<GitHub, Map<string, bigint>>()

type OutsideDeps = Pick<Deps, 'db' | 'github' | 'logger' | 'now'>

/**
 * One pass: looks for deploys that happened without the console, and for second runs of the console's own. One request per
 * workflow (of the repository `only`, in lower case, when it is given), however many surfaces it ships, and more only while there are more new runs than a page holds. A workflow GitHub does not list now keeps what was seen of it before.
 */
export async function findOutsideRuns(deps: OutsideDeps, stop?: AbortSignal, only?: string): Promise<void> {
  const declared = await listSurfaces(deps.db)
  const surfaces = declared.filter(({ repository }) => only === undefined || repository.toLowerCase() === only)
  const environments = [...new Set(declared.map(({ environment }) => environment))]
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
  const { repository, workflow } = first
  const before = newestKnown.get(deps.github) ?? new Map<string, bigint>()
  const known = before.get(`${repository} ${workflow}`)
  const running = shipped.flatMap(
    (surface) => (surface.outsideRunState === 'running' ? surface.outsideRunId : null) ?? [],
  )
  const { items: runs, complete } = await listNewestRuns(deps.github, repository, workflow, (read) => {
    const oldest = read.at(-1)?.id ?? 0n
    return known !== undefined && [known, ...running].every((id) => oldest <= id)
  })
  if (!complete && known !== undefined && !runs.some(({ id }) => id <= known))
    deps.logger.warn({ repository, workflow, read: runs.length }, 'GitHub lists more new runs than are read at once')
  const deployIds = await noticeOwnRuns(deps, runs)
  const ours = await runsOfDeploys(
    deps.db,
    runs.map(({ id }) => id),
  )
  for (const surface of shipped) {
    const run = newestOutsideRun(runs, surface, { environments, ours, deployIds })
    if (!complete && keepsRecord(surface, run, runs)) continue
    if (!isKnown(surface, run)) await recordOutsideRun(deps.db, surface.id, run)
  }
  const newest = runs[0]?.id
  if (newest !== undefined) newestKnown.set(deps.github, before.set(`${repository} ${workflow}`, newest))
}

/** The run on record was not read, which says nothing against it, and what was found started before it. */
function keepsRecord(surface: SurfaceRow, run: OutsideRun | null, read: readonly ListedRun[]): boolean {
  if (surface.outsideRunAt === null || read.some(({ id }) => id === surface.outsideRunId)) return false
  return run === null || Date.parse(run.startedAt) < surface.outsideRunAt.getTime()
}

/** Most passes find what the one before found: nothing is written then. */
function isKnown(surface: SurfaceRow, run: OutsideRun | null): boolean {
  if (run === null) return surface.outsideRunId === null
  const sameAttempt = surface.outsideRunAt?.getTime() === Date.parse(run.startedAt)
  return run.id === surface.outsideRunId && run.state === surface.outsideRunState && sameAttempt
}
