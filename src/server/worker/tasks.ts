import 'server-only'
import { hash } from 'node:crypto'
import type { JobHelpers, Task, TaskList } from 'graphile-worker'
import { z } from 'zod'
import { isTerminal } from '~/domain/deploy/status'
import { isLookDue, type Look } from '~/domain/github/look-pace'
import type { WebhookSubject } from '~/domain/github/webhook-hearing'
import { adoptOutcome } from '~/server/deliveries/deliveries'
import { deliver } from '~/server/deliveries/send/deliver'
import { scheduleCancelFollowUp } from '~/server/deploys/cancel/request-cancel'
import { findDeploy } from '~/server/deploys/deploys'
import { startArmedRollback } from '~/server/deploys/request/start-armed-rollback'
import { readCommitTime } from '~/server/deploys/runs/read-commit-time'
import { readFailedLog } from '~/server/deploys/runs/read-failed-log'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { reportDeployment } from '~/server/deploys/runs/report-deployment'
import { scheduleNextLook } from '~/server/deploys/runs/schedule-next-look'
import type { Deps } from '~/server/deps'
import { refreshDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { forgetUnusedAnswers } from '~/server/github/conditional-fetch'
import type { Purpose } from '~/server/github/rate-limit'
import { forgetUsage } from '~/server/github/request-usage'
import { ADVISORY_LOCKS } from '~/server/platform/advisory-locks'
import { forgetUnusedRates } from '~/server/platform/http/request-rates.sql'
import { addJob, deleteFailedJobs, type Job } from '~/server/platform/jobs.sql'
import { inLogContext } from '~/server/platform/log-context'
import { inSpan } from '~/server/platform/tracing'
import { takeTurn } from '~/server/queue/take-turn'
import { deleteOldRecords } from '~/server/retention/delete-old-records'
import { findOutsideRunsOf } from '~/server/surfaces/follow/find-outside-runs'
import { measureDrift, resolveVersions } from '~/server/surfaces/follow/measure-drift'
import { readLooks } from '~/server/surfaces/follow/repository-looks'
import { listSurfaces, type SurfaceRow } from '~/server/surfaces/surfaces'
import { readHearings } from '~/server/webhooks/webhook-hearings.sql'
import { reconcileSilentDeploys } from '~/server/worker/reconciler'

/** Long enough to investigate a failure after a holiday. */
const FAILED_JOBS_KEPT_MS = 14 * 24 * 3_600_000

const passPayload = z.object({ afterStart: z.boolean().default(false) })

const ofDeploy = z.object({ deployId: z.uuid() })
const ofDelivery = z.object({ deliveryId: z.uuid() })
const ofSurface = z.object({ surfaceId: z.string() })
const ofRepository = z.object({ repository: z.string() })
/** A job of an older version names no repository and means all of them. */
const outsidePayload = z.object({ repository: z.string().optional() })

export const RECONCILE_PASS = 'reconcile_pass'
export const DUE_LOOKS = 'look_at_repositories'
export const FORGET_FAILED = 'forget_failed_jobs'
export const FORGET_ANSWERS = 'forget_github_answers'
export const DELETE_OLD_RECORDS = 'delete_old_records'

/** What each queued job does. A job that throws is retried later, with growing pauses. */
export function jobTasks(deps: Deps): TaskList {
  const tasks = {
    reconcile_deploy: (payload) => reconcileNow(deps, ofDeploy.parse(payload).deployId),
    read_failed_log: (payload) => readLogUnlessPaused(deps, ofDeploy.parse(payload).deployId),
    read_commit_time: (payload) => readTimeUnlessPaused(deps, ofDeploy.parse(payload).deployId),
    report_deployment: (payload) => reportDeployment(deps, ofDeploy.parse(payload).deployId),
    start_armed_rollback: (payload) => startArmedRollback(deps, ofDeploy.parse(payload).deployId),
    notify_outcome: (payload) => adoptOutcome(deps.db, ofDeploy.parse(payload).deployId, deps.now()),
    deliver: (payload) => deliver(deps, ofDelivery.parse(payload).deliveryId),
    deliver_unhealthy: (payload) => deliver(deps, ofDelivery.parse(payload).deliveryId),
    take_turn: (payload) => takeTurn(deps, ofSurface.parse(payload).surfaceId),
    find_outside_runs: async (payload) => {
      const { repository } = outsidePayload.parse(payload ?? {})
      if (repository === undefined) return queueLooks(deps, { dueOnly: false })
      await lookUnlessPaused(deps, { task: 'find_outside_runs', payload: { repository } }, findOutsideRunsOf)
    },
    measure_distance: (payload) =>
      lookUnlessPaused(deps, { task: 'measure_distance', payload: ofRepository.parse(payload) }, measureDrift),
    // Queued while a health check waits for the commit, so this look may use what is kept for running deploys.
    resolve_versions: (payload) =>
      lookUnlessPaused(
        deps,
        { task: 'resolve_versions', payload: ofRepository.parse(payload) },
        resolveVersions,
        'running',
      ),
    read_deploy_freeze: (payload) =>
      lookUnlessPaused(deps, { task: 'read_deploy_freeze', payload: ofRepository.parse(payload) }, refreshDeployFreeze),
  } satisfies Record<Job['task'], (payload: unknown, helpers: JobHelpers) => Promise<void>>
  return measureTasks(deps, {
    ...tasks,
    [RECONCILE_PASS]: (payload, helpers) =>
      withAdvisoryLock(helpers, 'reconcilePass', () => pass(deps, helpers, passPayload.parse(payload))),
    [DUE_LOOKS]: () => queueLooks(deps, { dueOnly: true }),
    [FORGET_FAILED]: () => forgetFailed(deps),
    [FORGET_ANSWERS]: async () => {
      await forgetUnusedAnswers(deps.db, deps.now())
      await forgetUsage(deps.db, deps.now())
      await forgetUnusedRates(deps.db)
    },
    [DELETE_OLD_RECORDS]: async (_, helpers) => {
      const outcome = await deleteOldRecords(deps, helpers.abortSignal)
      if (outcome === 'more')
        await helpers.addJob(DELETE_OLD_RECORDS, {}, { jobKey: DELETE_OLD_RECORDS, maxAttempts: 1 })
    },
  } satisfies TaskList)
}

function measureTasks({ metrics }: Deps, tasks: Readonly<Record<string, Task>>): TaskList {
  const measured = Object.entries(tasks).map(([task, work]): [string, Task] => [
    task,
    async (payload, helpers) => {
      const measure = metrics.jobSeconds.startTimer({ task })
      let outcome = 'failed'
      try {
        const jobId = String(helpers.job.id)
        await inLogContext({ task, jobId }, () =>
          inSpan(`job ${task}`, { isRoot: true, attributes: { 'deploy_console.job_id': jobId } }, async () =>
            work(payload, helpers),
          ),
        )
        outcome = 'done'
      } finally {
        measure({ outcome })
      }
    },
  ])
  return Object.fromEntries(measured)
}

/** Waits while GitHub's rate limit is used up or reserved. A cancel that GitHub has not accepted yet may use the reserve. */
async function reconcileNow(deps: Deps, deployId: string): Promise<void> {
  const deploy = await findDeploy(deps.db, deployId)
  const cancels = deploy?.cancelRequestedAt != null && deploy.cancelAcknowledgedAt === null
  // Whether the run is of the reviewed commit must be known before it ships.
  const isUncompared = deploy !== null && deploy.onMoved !== null && deploy.runRecord === null
  const runAt = deps.github.rateLimit.pausedUntil(deps.now(), cancels || isUncompared ? 'act' : 'running')
  if (runAt !== null) return addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId } }, { runAt })
  await reconcileDeploy(deps, deployId)
  await scheduleNextLook(deps, deployId)
  await scheduleCancelFollowUp(deps, deployId)
}

async function readLogUnlessPaused(deps: Deps, deployId: string): Promise<void> {
  const runAt = deps.github.rateLimit.pausedUntil(deps.now(), 'running')
  if (runAt !== null) return addJob(deps.db, { task: 'read_failed_log', payload: { deployId } }, { runAt })
  await readFailedLog(deps, deployId)
}

async function readTimeUnlessPaused(deps: Deps, deployId: string): Promise<void> {
  const runAt = deps.github.rateLimit.pausedUntil(deps.now(), 'background')
  const job = { task: 'read_commit_time', payload: { deployId } } as const
  if (runAt !== null) return addJob(deps.db, job, { runAt, lowPriority: true })
  await readCommitTime(deps, deployId)
}

/** Events may have been missed before a start, so the first pass covers every unfinished deploy. */
const pass = (deps: Deps, helpers: JobHelpers, { afterStart }: z.output<typeof passPayload>) =>
  reconcileSilentDeploys(deps, helpers.abortSignal, afterStart ? 0 : undefined)

/** A look at a repository. Waits while the rest of GitHub's rate limit is reserved. */
async function lookUnlessPaused(
  deps: Deps,
  job: Extract<Job, { readonly payload: { readonly repository: string } }>,
  take: (deps: Deps, repository: string) => Promise<void>,
  purpose: Purpose = 'background',
): Promise<void> {
  const runAt = deps.github.rateLimit.pausedUntil(deps.now(), purpose)
  if (runAt !== null) return addJob(deps.db, job, { runAt, lowPriority: true })
  await take(deps, job.payload.repository)
}

/** Does not log the error, which each attempt of the job has logged. */
async function forgetFailed({ db, now, logger }: Deps): Promise<void> {
  for (const job of await deleteFailedJobs(db, new Date(now().getTime() - FAILED_JOBS_KEPT_MS))) {
    logger.warn(job, 'a job that failed for good two weeks ago was deleted')
  }
}

/** Keeps a long pass and the next one apart. If another pass holds the lock, there is nothing to do. */
async function withAdvisoryLock(
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

/**
 * Each look with its job, the webhooks that announce a change, and its surfaces. GitHub sends no webhook for a changed variable, so
 * webhooks about runs cause the look at DEPLOY_FREEZE.
 */
const LOOKS = [
  { look: 'runs', task: 'find_outside_runs', subject: 'runs', isFor: () => true },
  {
    look: 'refs',
    task: 'measure_distance',
    subject: 'refs',
    isFor: ({ runningSha, reportedVersion }) => runningSha !== null || reportedVersion !== null,
  },
  {
    look: 'freeze',
    task: 'read_deploy_freeze',
    subject: 'runs',
    isFor: ({ environment }) => environment === 'production',
  },
] as const satisfies readonly {
  readonly look: Look
  readonly task: string
  readonly subject: WebhookSubject
  readonly isFor: (surface: SurfaceRow) => boolean
}[]

/** A failed look is retried this often, with growing pauses. Then the next look is due. */
const ATTEMPTS = 5

/** Queues one job for each due look at a repository. A waiting look, which a webhook may have queued, is not queued twice. */
export async function queueLooks(
  deps: Pick<Deps, 'db' | 'github' | 'now' | 'config'>,
  { dueOnly }: { readonly dueOnly: boolean },
): Promise<void> {
  const now = deps.now()
  if (deps.github.rateLimit.pausedUntil(now, 'background') !== null) return
  const surfaces = await listSurfaces(deps.db)
  const isHearing = deps.config.githubWebhookSecrets.length > 0
  for (const { look, task, subject, isFor } of LOOKS) {
    const [looks, hearings] = await Promise.all([readLooks(deps.db, look), readHearings(deps.db, subject)])
    const sought = surfaces.filter(isFor)
    for (const repository of new Set(sought.map((surface) => surface.repository.toLowerCase()))) {
      const isDeploying = sought.some(
        ({ repository: of, lastDeploy }) =>
          of.toLowerCase() === repository && lastDeploy !== null && !isTerminal(lastDeploy.status),
      )
      const hearing = isHearing ? (hearings.get(repository) ?? null) : null
      if (
        dueOnly &&
        !isLookDue(look, looks.get(repository) ?? null, { hearing, isDeploying, now, late: jitterOf(repository) })
      )
        continue
      await addJob(
        deps.db,
        { task, payload: { repository } },
        { maxAttempts: ATTEMPTS, keepRunAt: true, lowPriority: true },
      )
    }
  }
}

/** A pseudo-random delay that is the same in every process, so that looks are spread over time. */
const jitterOf = (repository: string) => Number.parseInt(hash('sha256', repository).slice(0, 8), 16) / 2 ** 32
