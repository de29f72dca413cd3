import 'server-only'
import { failedPart } from '~/domain/deploy/failed-log'
import type { RunWaits } from '~/domain/deploy/quiet'
import { shippedOf } from '~/domain/deploy/report'
import { keepJobs, type ListedRunJobs } from '~/domain/deploy/run-jobs'
import { factsOf, isOutdated } from '~/domain/deploy/run-record'
import { isTerminal, type Shipped } from '~/domain/deploy/status'
import { appendAuditEvent, hasAuditEvent, readTransitions } from '~/server/audit/append-audit'
import { fillRun, updateDeployFacts } from '~/server/deploys/deploys'
import { type LockedDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'
import { liftRollbackLock } from '~/server/freezes/lift-rollback-lock'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'
import { addJob } from '~/server/platform/jobs.sql'

interface SeenRun {
  readonly runId: bigint
  readonly attempt: number
  readonly source: 'github' | 'callback'
  readonly actor: string
  readonly at: Date
}

/** A run as one look found it, with what it waits for. */
export interface FollowedRun extends ListedRunJobs {
  readonly waits: RunWaits | null
  /** When the look began. */
  readonly askedAt: Date
}

type Locked = LockedDeploy & { readonly id: string }

/**
 * Records the run of a deploy. False when a run is already on record: it is never replaced. A run that first appears after the deploy
 * ended is a late run. The caller holds the deploy's lock.
 */
export async function adoptRun(tx: DatabaseHandle, deploy: Locked, seen: SeenRun): Promise<boolean> {
  const { id, surfaceId } = deploy
  const { runId, source, actor, at } = seen
  if (!(await fillRun(tx, id, runId))) return false
  await appendAuditEvent(
    tx,
    { actor, at, deployId: id, surfaceId },
    { action: 'console.deploy.run_found', status: null, payload: { source, run_id: runId.toString() } },
  )
  const isLate = isTerminal(deploy.status) && !(await hasAuditEvent(tx, id, 'console.deploy.callback'))
  if (isLate) await recordLateRun(tx, deploy, seen)
  return true
}

/** Raises an alarm, once per attempt, for a run that may be active after its deploy ended. The run holds the surface until it is over. */
export async function recordLateRun(
  tx: DatabaseHandle,
  deploy: Locked,
  { runId, attempt, actor, at }: Omit<SeenRun, 'source'>,
): Promise<void> {
  if (deploy.lateRunId === runId && (deploy.lateRunAttempt ?? 0) >= attempt) return
  await updateDeployFacts(tx, deploy.id, { lateRun: { runId, attempt }, holdsSurface: true })
  await appendAuditEvent(
    tx,
    { actor, at, deployId: deploy.id, surfaceId: deploy.surfaceId },
    {
      action: 'console.deploy.late_run',
      status: null,
      payload: { run_id: runId.toString(), run_attempt: attempt, stood_at: deploy.status },
    },
  )
}

/**
 * Records a higher attempt of the run, which somebody ran again on GitHub. An unfinished deploy continues with the latest attempt; an
 * ended deploy keeps its status. The caller holds the deploy's lock.
 */
export async function recordRunAttempt(tx: DatabaseHandle, deploy: Locked, seen: SeenRun): Promise<void> {
  if (seen.attempt <= (deploy.githubRunAttempt ?? 0)) return
  await updateDeployFacts(tx, deploy.id, { githubRunAttempt: seen.attempt })
  if (seen.attempt === 1) return
  // The attempt started after the deploy ended, so it is not part of the deploy.
  if (isTerminal(deploy.status) && deploy.githubRunAttempt !== null) await recordLateRun(tx, deploy, seen)
  await appendAuditEvent(
    tx,
    { actor: seen.actor, at: seen.at, deployId: deploy.id, surfaceId: deploy.surfaceId },
    {
      action: 'console.deploy.run_attempt',
      status: null,
      payload: {
        source: seen.source,
        run_id: seen.runId.toString(),
        run_attempt: seen.attempt,
        stood_at: deploy.status,
      },
    },
  )
}

/** Raises an alarm, once per deploy, for two runs that carry its id (docs/contract.md, "Dispatch"). */
export async function raiseDuplicateRuns(
  deps: Pick<Deps, 'logger' | 'now'>,
  tx: DatabaseHandle,
  deployId: string,
  runIds: readonly bigint[],
): Promise<void> {
  if (runIds.length < 2) return
  const deploy = await lockDeploy(tx, deployId)
  if (deploy === null || (await hasAuditEvent(tx, deployId, 'console.deploy.runs_duplicated'))) return
  const run_ids = runIds.map(String)
  deps.logger.error({ deployId, runs: run_ids }, 'two runs carry the same deploy id')
  await appendAuditEvent(
    tx,
    { actor: 'console', at: deps.now(), deployId, surfaceId: deploy.surfaceId },
    { action: 'console.deploy.runs_duplicated', status: null, payload: { run_ids } },
  )
}

/** Whether more is on record than this look saw, because looks may run at the same time. The caller holds the row lock. */
export function isSuperseded(deploy: LockedDeploy, run: FollowedRun): boolean {
  if (run.runId === deploy.lateRunId && run.attempt < (deploy.lateRunAttempt ?? 0)) return true
  if (run.runId !== deploy.githubRunId) return false
  return run.attempt < (deploy.githubRunAttempt ?? 0) || isOutdated(run, run.askedAt, deploy.runRecord)
}

/**
 * Stores what GitHub's record of the run proves, its jobs, and whether the deploy shipped. The caller holds the row lock, and the look is not
 * superseded.
 */
export async function storeRunRecord(
  tx: DatabaseHandle,
  deploy: {
    readonly id: string
    readonly surfaceId: string
    readonly status: string
    readonly lateRunId: bigint | null
  },
  run: FollowedRun,
): Promise<Shipped> {
  const runRecord = factsOf(run, run.askedAt)
  const shipped = shippedOf({
    status: deploy.status,
    transitions: (await readTransitions(tx, [deploy.id])).get(deploy.id) ?? [],
    record: runRecord,
    lateRun: deploy.lateRunId === null ? null : { runId: deploy.lateRunId.toString(), attempt: run.attempt },
  })
  await updateDeployFacts(tx, deploy.id, { runRecord, shipped })
  if (shipped === 'no' && isTerminal(deploy.status))
    await liftRollbackLock(tx, { deployId: deploy.id, surfaceId: deploy.surfaceId, at: run.askedAt })
  await keepAttempt(tx, deploy.id, run)
  return shipped
}

/** A log may not be there yet right after the end of its job. */
const LOG_ATTEMPTS = 4

/**
 * Each attempt keeps its own jobs, so that a re-run does not change the history of the first one. The log of a job that failed is asked
 * for once for each attempt.
 */
async function keepAttempt(tx: DatabaseHandle, deployId: string, run: FollowedRun): Promise<void> {
  const { attempt, runId, askedAt: seenAt } = run
  const jobs = keepJobs(run)
  // What a run that is over waited for last may explain its end.
  const waits = run.status === 'completed' ? {} : { waits: run.waits ?? Prisma.DbNull }
  const { failedLog } = await tx.runAttempt.upsert({
    where: { deployId_attempt: { deployId, attempt } },
    create: { deployId, attempt, runId, jobs, seenAt, ...waits },
    update: { jobs, seenAt, ...waits },
    select: { failedLog: true },
  })
  if (failedLog !== null || failedPart(jobs.jobs) === null) return
  const job = { task: 'read_failed_log', payload: { deployId } } as const
  await addJob(tx, job, { keepRunAt: true, maxAttempts: LOG_ATTEMPTS })
}
