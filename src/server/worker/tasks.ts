import 'server-only'
import type { JobHelpers, TaskList } from 'graphile-worker'
import { z } from 'zod'
import { ADVISORY_LOCKS } from '~/server/db/advisory-locks'
import { findDeploy } from '~/server/db/deploys'
import { forgetUnusedAnswers } from '~/server/db/github-answers'
import { addJob, forgetFailedJobs, type Job } from '~/server/db/jobs'
import { followCancel } from '~/server/deploys/follow-cancel'
import { reconcileDeploy } from '~/server/deploys/reconcile-deploy'
import type { Deps } from '~/server/deps'
import { readDeployFreezes } from '~/server/freezes/read-deploy-freeze'
import { notifyOutcome } from '~/server/notifications/notify-outcome'
import { findOutsideRuns } from '~/server/surfaces/find-outside-runs'
import { measureDistances } from '~/server/surfaces/probe-surface'
import { reconcileSilentDeploys } from '~/server/worker/reconciler'

/** The look for outside runs ends before the next one is due; what it did not come to has its turn then. */
const OUTSIDE_RUNS_MS = 50_000
/** Long enough for somebody to ask why, after a holiday too. */
const FAILED_JOBS_KEPT_MS = 14 * 24 * 3_600_000

const passPayload = z.object({ afterStart: z.boolean().default(false) })

const ofDeploy = z.object({ deployId: z.uuid() })
const ofRepository = z.object({ repository: z.string() })
/** The schedule's look takes every repository. */
const outsidePayload = z.object({ repository: z.string().optional() })

/** After which a look at one repository is tried again when the schedule's look at all of them is under way. */
const TAKEN_MS = 2_000

export const RECONCILE_PASS = 'reconcile_pass'
export const OUTSIDE_RUNS = 'find_outside_runs'
export const FORGET_FAILED = 'forget_failed_jobs'
export const FORGET_ANSWERS = 'forget_github_answers'

/** What each queued job does. A task that throws is tried again later, with growing pauses. */
export function jobTasks(deps: Deps): TaskList {
  const tasks = {
    reconcile_deploy: (payload) => reconcileNow(deps, ofDeploy.parse(payload).deployId),
    notify_outcome: (payload, { job }) =>
      notifyOutcome(deps, ofDeploy.parse(payload).deployId, job.attempts >= job.max_attempts),
    find_outside_runs: (payload, helpers) => lookOutside(deps, helpers, outsidePayload.parse(payload ?? {})),
    measure_distance: (payload) => measureNow(deps, ofRepository.parse(payload)),
  } satisfies Record<Job['task'], (payload: unknown, helpers: JobHelpers) => Promise<void>>
  return {
    ...tasks,
    [RECONCILE_PASS]: async (payload, helpers) => {
      await withoutOthers(helpers, 'reconcilePass', () => pass(deps, helpers, passPayload.parse(payload)))
    },
    [FORGET_FAILED]: () => forgetFailed(deps),
    [FORGET_ANSWERS]: () => forgetUnusedAnswers(deps.db, deps.now()),
  }
}

/** While GitHub's rate limit is used up or reserved, the job waits for its end. A cancel that GitHub has not taken may use the reserve. */
async function reconcileNow(deps: Deps, deployId: string): Promise<void> {
  const deploy = await findDeploy(deps.db, deployId)
  const cancels = deploy?.cancelRequestedAt != null && deploy.cancelAcknowledgedAt === null
  const runAt = deps.github.budget.pausedUntil(deps.now(), cancels ? 'act' : 'running')
  if (runAt !== null) return addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId } }, { runAt })
  await reconcileDeploy(deps, deployId)
  await followCancel(deps, deployId)
}

/** After a start nobody knows what was missed: that pass takes every unfinished deploy, silent or not. */
const pass = (deps: Deps, helpers: JobHelpers, { afterStart }: z.output<typeof passPayload>) =>
  reconcileSilentDeploys(deps, helpers.abortSignal, afterStart ? 0 : undefined)

/** What happens at GitHub without the console: freezes of a repository, and runs. Two looks at once could record the older list last. */
async function lookOutside(
  deps: Deps,
  helpers: JobHelpers,
  { repository }: z.output<typeof outsidePayload>,
): Promise<void> {
  const stop = AbortSignal.any([helpers.abortSignal, AbortSignal.timeout(OUTSIDE_RUNS_MS)])
  if (repository === undefined) {
    await withoutOthers(helpers, 'outsideRuns', async () => {
      await readDeployFreezes(deps, stop)
      await findOutsideRuns(deps, stop)
    })
    return
  }
  const job: Job = { task: 'find_outside_runs', payload: { repository } }
  const paused = deps.github.budget.pausedUntil(deps.now(), 'background')
  if (paused !== null) return addJob(deps.db, job, { runAt: paused })
  const looked = await withoutOthers(helpers, 'outsideRuns', () => findOutsideRuns(deps, stop, repository))
  if (!looked) await addJob(deps.db, job, { runAt: new Date(deps.now().getTime() + TAKEN_MS) })
}

async function measureNow(deps: Deps, { repository }: z.output<typeof ofRepository>): Promise<void> {
  const runAt = deps.github.budget.pausedUntil(deps.now(), 'background')
  if (runAt !== null) return addJob(deps.db, { task: 'measure_distance', payload: { repository } }, { runAt })
  await measureDistances(deps, repository)
}

/** Without its error's text, which the job's own attempts have logged. */
async function forgetFailed({ db, now, logger }: Deps): Promise<void> {
  for (const job of await forgetFailedJobs(db, new Date(now().getTime() - FAILED_JOBS_KEPT_MS))) {
    logger.warn(job, 'a job that had failed for good two weeks ago is forgotten')
  }
}

/**
 * The queue hands a pass to one process; this lock also keeps a long pass and the next one apart. False when it is taken: the
 * work is being done.
 */
async function withoutOthers(
  helpers: JobHelpers,
  name: keyof typeof ADVISORY_LOCKS,
  work: () => Promise<void>,
): Promise<boolean> {
  const lock = ADVISORY_LOCKS[name]
  return helpers.withPgClient(async (client) => {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS held', [lock])
    if (!z.tuple([z.object({ held: z.boolean() })]).parse(rows)[0].held) return false
    try {
      await work()
      return true
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [lock])
    }
  })
}
