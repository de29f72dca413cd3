import 'server-only'
import type { JobHelpers, TaskList } from 'graphile-worker'
import { z } from 'zod'
import { adoptOutcome } from '~/server/deliveries/deliveries'
import { deliver } from '~/server/deliveries/send/deliver'
import { scheduleCancelFollowUp } from '~/server/deploys/cancel/request-cancel'
import { findDeploy } from '~/server/deploys/deploys'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import type { Deps } from '~/server/deps'
import { refreshDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { forgetUnusedAnswers } from '~/server/github/conditional-fetch'
import { forgetUsage } from '~/server/github/request-usage'
import { addJob, deleteFailedJobs, type Job } from '~/server/platform/jobs.sql'
import { ADVISORY_LOCKS } from '~/server/platform/locks.sql'
import { findOutsideRunsOf } from '~/server/surfaces/follow/find-outside-runs'
import { measureDistances } from '~/server/surfaces/follow/measure-distance'
import { reconcileSilentDeploys } from '~/server/worker/reconciler'
import { queueLooks } from '~/server/worker/repository-looks'

/** Long enough for somebody to ask why, after a holiday too. */
const FAILED_JOBS_KEPT_MS = 14 * 24 * 3_600_000

const passPayload = z.object({ afterStart: z.boolean().default(false) })

const ofDeploy = z.object({ deployId: z.uuid() })
const ofDelivery = z.object({ deliveryId: z.uuid() })
const ofRepository = z.object({ repository: z.string() })
/** Without a repository, an older version asked for a look at all of them. */
const outsidePayload = z.object({ repository: z.string().optional() })

export const RECONCILE_PASS = 'reconcile_pass'
export const DUE_LOOKS = 'look_at_repositories'
export const FORGET_FAILED = 'forget_failed_jobs'
export const FORGET_ANSWERS = 'forget_github_answers'

/** What each queued job does. A task that throws is tried again later, with growing pauses. */
export function jobTasks(deps: Deps): TaskList {
  const tasks = {
    reconcile_deploy: (payload) => reconcileNow(deps, ofDeploy.parse(payload).deployId),
    notify_outcome: (payload) => adoptOutcome(deps.db, ofDeploy.parse(payload).deployId, deps.now()),
    deliver: (payload) => deliver(deps, ofDelivery.parse(payload).deliveryId),
    find_outside_runs: async (payload) => {
      const { repository } = outsidePayload.parse(payload ?? {})
      if (repository === undefined) return queueLooks(deps, { dueOnly: false })
      await look(deps, { task: 'find_outside_runs', payload: { repository } }, findOutsideRunsOf)
    },
    measure_distance: (payload) =>
      look(deps, { task: 'measure_distance', payload: ofRepository.parse(payload) }, measureDistances),
    read_deploy_freeze: (payload) =>
      look(deps, { task: 'read_deploy_freeze', payload: ofRepository.parse(payload) }, refreshDeployFreeze),
  } satisfies Record<Job['task'], (payload: unknown, helpers: JobHelpers) => Promise<void>>
  return {
    ...tasks,
    [RECONCILE_PASS]: (payload, helpers) =>
      withoutOthers(helpers, 'reconcilePass', () => pass(deps, helpers, passPayload.parse(payload))),
    [DUE_LOOKS]: () => queueLooks(deps, { dueOnly: true }),
    [FORGET_FAILED]: () => forgetFailed(deps),
    [FORGET_ANSWERS]: async () => {
      await forgetUnusedAnswers(deps.db, deps.now())
      await forgetUsage(deps.db, deps.now())
    },
  }
}

/** While GitHub's rate limit is used up or reserved, the job waits for its end. A cancel that GitHub has not taken may use the reserve. */
async function reconcileNow(deps: Deps, deployId: string): Promise<void> {
  const deploy = await findDeploy(deps.db, deployId)
  const cancels = deploy?.cancelRequestedAt != null && deploy.cancelAcknowledgedAt === null
  const runAt = deps.github.budget.pausedUntil(deps.now(), cancels ? 'act' : 'running')
  if (runAt !== null) return addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId } }, { runAt })
  await reconcileDeploy(deps, deployId)
  await scheduleCancelFollowUp(deps, deployId)
}

/** After a start nobody knows what was missed: that pass takes every unfinished deploy, silent or not. */
const pass = (deps: Deps, helpers: JobHelpers, { afterStart }: z.output<typeof passPayload>) =>
  reconcileSilentDeploys(deps, helpers.abortSignal, afterStart ? 0 : undefined)

/** A background look at a repository. It waits while what is left of GitHub's hour is reserved. */
async function look(
  deps: Deps,
  job: Extract<Job, { readonly payload: { readonly repository: string } }>,
  take: (deps: Deps, repository: string) => Promise<void>,
): Promise<void> {
  const runAt = deps.github.budget.pausedUntil(deps.now(), 'background')
  if (runAt !== null) return addJob(deps.db, job, { runAt, lowPriority: true })
  await take(deps, job.payload.repository)
}

/** Without its error's text, which the job's own attempts have logged. */
async function forgetFailed({ db, now, logger }: Deps): Promise<void> {
  for (const job of await deleteFailedJobs(db, new Date(now().getTime() - FAILED_JOBS_KEPT_MS))) {
    logger.warn(job, 'a job that had failed for good two weeks ago is forgotten')
  }
}

/**
 * The queue hands a pass to one process; this lock also keeps a long pass and the next one apart. When it is taken, the
 * work is being done, and there is nothing to do.
 */
async function withoutOthers(
  helpers: JobHelpers,
  name: keyof typeof ADVISORY_LOCKS,
  work: () => Promise<void>,
): Promise<void> {
  const lock = ADVISORY_LOCKS[name]
  await helpers.withPgClient(async (client) => {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS held', [lock])
    if (!z.tuple([z.object({ held: z.boolean() })]).parse(rows)[0].held) return
    try {
      await work()
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [lock])
    }
  })
}
