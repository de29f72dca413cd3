import 'server-only'
import { type ListedRun, newestOutsideRun, type OutsideRun } from '~/domain/github/outside-run'
import { hearingState } from '~/domain/github/webhook-hearing'
import { mapRunsToDeploys } from '~/server/deploys/deploys'
import { adoptListedRuns } from '~/server/deploys/runs/adopt-listed-runs'
import type { Deps } from '~/server/deps'
import { listNewestRuns, listRepositoryRuns } from '~/server/github/workflow-runs'
import { findLook, recordLook } from '~/server/surfaces/follow/repository-looks'
import { listSurfaces, recordOutsideRun, type SurfaceRow } from '~/server/surfaces/surfaces'
import { readHearings, recordActivity } from '~/server/webhooks/webhook-hearings.sql'

type OutsideDeps = Pick<Deps, 'db' | 'github' | 'logger' | 'now'>

/** Looks at every repository in turn. A repository whose look fails keeps its recorded outside runs. */
export async function findOutsideRuns(deps: OutsideDeps): Promise<void> {
  const surfaces = await listSurfaces(deps.db)
  for (const repository of new Set(surfaces.map((surface) => surface.repository.toLowerCase()))) {
    await findOutsideRunsOf(deps, repository).catch((error) =>
      deps.logger.warn({ repository, err: error }, 'the look for outside runs failed'),
    )
  }
}

/**
 * Looks for outside runs of a repository, and for second runs of the console's own deploys. One request covers all workflows and
 * surfaces. A workflow is listed alone when the repository's list does not reach back far enough.
 *
 * @throws Octokit's error when GitHub does not answer
 */
export async function findOutsideRunsOf(deps: OutsideDeps, repository: string): Promise<void> {
  const surfaces = await listSurfaces(deps.db)
  const environments = [...new Set(surfaces.map(({ environment }) => environment))]
  const shipped = surfaces.filter((surface) => surface.repository.toLowerCase() === repository.toLowerCase())
  const [first] = shipped
  if (first === undefined) return
  const lookedAt = deps.now()
  const before = await findLook(deps.db, repository, 'runs')
  await recordLook(deps.db, repository, 'runs', { lookedAt })
  const list = await listShipped(deps, first.repository, shipped, before, lookedAt)
  for (const [workflow, { runs, complete }] of list.byWorkflow) {
    const deployIds = await adoptListedRuns(deps, runs)
    const ours = await mapRunsToDeploys(
      deps.db,
      runs.map(({ id }) => id),
    )
    const ofWorkflow = shipped.filter((one) => one.workflow === workflow)
    for (const surface of ofWorkflow) {
      const { id, environment } = surface
      const sharesWorkflow = ofWorkflow.some((other) => other.id !== id && other.environment === environment)
      const run = newestOutsideRun(runs, { id, environment, sharesWorkflow }, { environments, ours, deployIds })
      if (!complete && keepsRecord(surface, run, runs)) continue
      if (!isKnown(surface, run)) await recordOutsideRun(deps.db, surface.id, run)
    }
  }
  const known = before?.newestRunId ?? null
  const { newest } = list
  const isNew = newest !== null && (known === null || newest.id > known)
  const isRunning = [...list.byWorkflow.values()].some(({ runs }) => runs.some(({ status }) => status !== 'completed'))
  await recordLook(deps.db, repository, 'runs', {
    lookedAt,
    newestRunId: isNew ? newest.id : known,
    ...(isRunning || (isNew && known !== null) ? { changedAt: lookedAt } : {}),
    ...(list.listedAlone.length === 0
      ? {}
      : {
          workflows: [...new Set([...(before?.workflows ?? []), ...list.listedAlone])],
          workflowsListedAt: lookedAt,
        }),
  })
  if (isNew) {
    await recordActivity(deps.db, { repository, subject: 'runs', at: new Date(newest.startedAt) })
  }
}

/** The runs on a page of a single workflow. A repository's list may contain fewer of them. */
const WORKFLOW_RUNS = 30
/**
 * How often a workflow of a busy repository is listed alone, since somebody may run an older run again. Once a day is enough while
 * webhooks are heard and none came since the last look.
 */
const LISTED_ALONE_MS = { withoutWebhooks: 3_600_000, withWebhooks: 24 * 3_600_000 }

interface WorkflowRuns {
  readonly runs: readonly ListedRun[]
  readonly complete: boolean
}

async function listShipped(
  { db, github, logger }: OutsideDeps,
  repository: string,
  shipped: readonly SurfaceRow[],
  before: Awaited<ReturnType<typeof findLook>>,
  now: Date,
) {
  const known = before?.newestRunId ?? null
  const reachesBackTo = (ids: readonly bigint[]) => (runs: readonly ListedRun[]) => {
    const oldest = runs.at(-1)?.id ?? 0n
    return ids.every((id) => oldest <= id)
  }
  const whole =
    before === null ? null : await listRepositoryRuns(github, repository, reachesBackTo(known === null ? [] : [known]))
  const hearing = (await readHearings(db, 'runs')).get(repository.toLowerCase()) ?? null
  const isHeard = hearing !== null && hearingState(hearing, now) === 'heard'
  const nothingHeardSince = isHeard && before !== null && (hearing.heardAt ?? now) <= before.lookedAt
  const isAloneDue =
    now.getTime() - (before?.workflowsListedAt?.getTime() ?? 0) >=
    (nothingHeardSince ? LISTED_ALONE_MS.withWebhooks : LISTED_ALONE_MS.withoutWebhooks)
  const byWorkflow = new Map<string, WorkflowRuns>()
  const listedAlone: string[] = []
  const seen: ListedRun[] = [...(whole?.items ?? [])]
  for (const workflow of new Set(shipped.map((surface) => surface.workflow))) {
    const running = shipped.flatMap((surface) =>
      surface.workflow === workflow && surface.outsideRunState === 'running' ? (surface.outsideRunId ?? []) : [],
    )
    const needed = known === null ? running : [known, ...running]
    const mine = (whole?.items ?? []).filter((run) => run.workflow === workflow)
    const suffices =
      whole !== null &&
      before?.workflows.includes(workflow) === true &&
      (whole.complete ||
        (known !== null && reachesBackTo(needed)(whole.items) && (mine.length >= WORKFLOW_RUNS || !isAloneDue)))
    if (suffices) {
      byWorkflow.set(workflow, { runs: mine, complete: whole.complete })
      continue
    }
    const alone = await listNewestRuns(github, repository, workflow, reachesBackTo(needed))
    if (!alone.complete && known !== null && !alone.items.some(({ id }) => id <= known))
      logger.warn({ repository, workflow, read: alone.items.length }, 'GitHub lists more new runs than one look reads')
    byWorkflow.set(workflow, { runs: alone.items, complete: alone.complete })
    listedAlone.push(workflow)
    seen.push(...alone.items)
  }
  return { byWorkflow, listedAlone, newest: newestOf(seen) }
}

const newestOf = (runs: readonly ListedRun[]): ListedRun | null =>
  runs.reduce<ListedRun | null>((newest, run) => (newest === null || run.id > newest.id ? run : newest), null)

/** Whether to keep the recorded run: it is not in the list that was read, and the run that was found is older. */
function keepsRecord(surface: SurfaceRow, run: OutsideRun | null, read: readonly ListedRun[]): boolean {
  if (surface.outsideRunAt === null || read.some(({ id }) => id === surface.outsideRunId)) return false
  return run === null || Date.parse(run.startedAt) < surface.outsideRunAt.getTime()
}

/** Whether the run is already recorded, so that nothing needs to be written. */
function isKnown(surface: SurfaceRow, run: OutsideRun | null): boolean {
  if (run === null) return surface.outsideRunId === null
  const sameAttempt = surface.outsideRunAt?.getTime() === Date.parse(run.startedAt)
  const isSameRun = run.id === surface.outsideRunId && run.environmentKnown === surface.outsideRunEnvironmentKnown
  return isSameRun && run.state === surface.outsideRunState && sameAttempt
}
