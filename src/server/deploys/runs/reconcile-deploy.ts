import 'server-only'
import { z } from 'zod'
import { type Evidence, evidenceBeyond } from '~/domain/deploy/evidence'
import { isRerunAfterEnd, phaseJobs, type RunRecord } from '~/domain/deploy/run-record'
import { type DeployStatus, isKnownStatus, isTerminal, type Shipped } from '~/domain/deploy/status'
import { capitalise } from '~/domain/foreign-text'
import { appendAuditEvent, appendAuditEventOnce } from '~/server/audit/append-audit'
import { requestCancel } from '~/server/deploys/cancel/request-cancel'
import {
  type DeployRow,
  type DeployState,
  findDeploy,
  recordGitHubSilence,
  updateDeployFacts,
} from '~/server/deploys/deploys'
import { advanceDeploy, type LockedDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import { findRun, LOOKUP_TIMEOUT_MS } from '~/server/deploys/runs/find-run'
import { recordMovedRef } from '~/server/deploys/runs/record-moved-ref'
import {
  type FollowedRun,
  isSuperseded,
  recordLateRun,
  recordRunAttempt,
  storeRunRecord,
} from '~/server/deploys/runs/record-run'
import type { Deps } from '~/server/deps'
import { asGitHubError } from '~/server/github/answers'
import { readRunWaits } from '~/server/github/run-waits'
import { readRun } from '~/server/github/workflow-runs'
import type { DatabaseHandle } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'

const ACTOR = 'reconciler'

type ReconcileDeps = Pick<Deps, 'db' | 'github' | 'now' | 'logger'>

/**
 * Compares one deploy with GitHub: records its run and applies, in order, what the record of the run proves. Without a run, only the
 * surface's time limit ends the deploy. An ended deploy keeps its status. Never dispatches. While GitHub does not answer, only the
 * time since when is recorded.
 *
 * @throws the error of GitHub's client when GitHub does not answer
 */
export async function reconcileDeploy(deps: ReconcileDeps, id: string): Promise<void> {
  const asked = await findDeploy(deps.db, id)
  if (asked === null || !isKnownStatus(asked.status)) return
  // Recorded before GitHub is asked: a deploy whose look fails must not be the first of every pass.
  const askedAt = deps.now()
  await updateDeployFacts(deps.db, id, { lastLookedAt: askedAt })

  const { runId, run } = await askGitHub(deps, asked, askedAt)
  const deploy = runId === null || run === null ? asked : await recordMovedRef(deps, asked, runId, run)
  if (isTerminal(deploy.status))
    return runId === null || run === null ? undefined : reconcileEndedDeploy(deps, deploy, runId, run)
  if (runId === null || run === null) return endAfterTimeLimit(deps, deploy, runId)
  if (run.status !== 'completed' && deploy.cancelRequestedAt !== null && deploy.cancelAcknowledgedAt === null) {
    await requestCancel(deps, deploy, runId)
  }
  // A released surface may belong to a newer deploy by now, so its answers say nothing about this one.
  const isProbed = deploy.probeSeconds !== null && deploy.releasedAt === null
  await applyEvidence(
    deps,
    deploy,
    ({ status }) => evidenceBeyond(status, run, { isProbed }),
    async (tx, locked) => {
      const seen = { runId, attempt: run.attempt, source: 'github', actor: ACTOR, at: deps.now() } as const
      await recordRunAttempt(tx, { ...locked, id }, seen)
    },
    run,
  )
}

async function askGitHub(deps: ReconcileDeps, deploy: DeployRow, askedAt: Date) {
  try {
    // A late run, which holds the surface of an ended deploy, is the one to read.
    const late = isTerminal(deploy.status) ? deploy.lateRunId : null
    const runId = late ?? deploy.githubRunId ?? (await findRun(deps, deploy))
    const signal = AbortSignal.timeout(LOOKUP_TIMEOUT_MS)
    const declared = phaseJobs.nullable().parse(deploy.phaseJobs)
    const read = runId === null ? null : await readRun(deps.github, deploy.repository, runId, declared, signal)
    const isFollowed = read !== null && !isTerminal(deploy.status)
    const waits = isFollowed ? await readRunWaits(deps.github, deploy.repository, read) : null
    const run: FollowedRun | null = read === null ? null : { ...read, waits, askedAt }
    if (deploy.githubSilentSince !== null) await recordGitHubSilence(deps.db, deploy.id, null)
    return { runId, run }
  } catch (error) {
    const unanswered = asGitHubError(error) !== null || error instanceof z.ZodError
    if (unanswered) await recordGitHubSilence(deps.db, deploy.id, deps.now())
    throw error
  }
}

/**
 * Ends a deploy without a visible run after the surface's time limit. The missing run proves nothing: GitHub may still start it, so the
 * deploy keeps holding its surface.
 */
async function endAfterTimeLimit(deps: ReconcileDeps, deploy: DeployRow, runId: bigint | null): Promise<void> {
  const now = deps.now()
  const { timeoutMinutes } = deploy.surface
  if (now.getTime() - deploy.requestedAt.getTime() < timeoutMinutes * 60_000) return
  const proof =
    runId === null
      ? `no run was seen in ${timeoutMinutes} minutes`
      : `GitHub no longer shows the run, and the time limit of ${timeoutMinutes} minutes is over`
  await applyEvidence(deps, deploy, ({ status, githubRunId }) => {
    // A callback that arrived in the meantime is newer than GitHub's list.
    if (status !== deploy.status || githubRunId !== runId) return []
    return [{ status: 'timed_out', at: now.toISOString(), failureStage: null, proof }]
  })
}

/** Applies evidence in order under the row's lock, each step by the compare-and-set that callbacks use. */
async function applyEvidence(
  deps: ReconcileDeps,
  { id, surfaceId }: DeployRow,
  evidenceFor: (locked: LockedDeploy & { readonly status: DeployStatus }) => readonly Evidence[],
  beforeApplying: (tx: DatabaseHandle, locked: LockedDeploy) => Promise<void> = async () => {},
  run?: FollowedRun,
): Promise<void> {
  const at = deps.now()
  const applied = await deps.db.$transaction(async (tx) => {
    const locked = await lockDeploy(tx, id)
    if (locked === null || !isKnownStatus(locked.status)) return []
    if (run !== undefined && isTerminal(locked.status)) {
      // Something else ended the deploy during this look. What the record says about an ended deploy is for a look of its own.
      await addJob(tx, { task: 'reconcile_deploy', payload: { deployId: id } }, { keepRunAt: true })
      return []
    }
    if (run !== undefined && isSuperseded(locked, run)) return []
    await beforeApplying(tx, locked)
    const { status } = locked
    let from: string = status
    const moved: string[] = []
    for (const evidence of evidenceFor({ ...locked, status })) {
      if ((await advanceByEvidence(tx, { id, surfaceId, from, at, isOver: run !== undefined }, evidence)) === null)
        continue
      from = evidence.status
      moved.push(evidence.status)
    }
    if (run !== undefined) await storeRunRecord(tx, { id, surfaceId, status: from, lateRunId: locked.lateRunId }, run)
    return moved
  })
  if (applied.length > 0) deps.logger.info({ deployId: id, statuses: applied }, 'reconciled with GitHub')
}

function advanceByEvidence(
  tx: DatabaseHandle,
  deploy: {
    readonly id: string
    readonly surfaceId: string
    readonly from: string
    readonly at: Date
    /** Whether GitHub's record proves that the run of an ended deploy is over. */
    readonly isOver: boolean
  },
  { status, at: occurred_at, failureStage, proof, implied }: Evidence,
): Promise<DeployState | null> {
  return advanceDeploy(tx, {
    deployId: deploy.id,
    surfaceId: deploy.surfaceId,
    to: status,
    actor: ACTOR,
    at: deploy.at,
    occurredAt: new Date(occurred_at),
    failureStage,
    holdsSurface: isTerminal(status) && !deploy.isOver,
    ...(status === 'failed' || status === 'timed_out' ? { failureDetail: `${capitalise(proof)}.` } : {}),
    event: {
      action: 'console.deploy.reconciled',
      status,
      payload: {
        source: 'github',
        from: deploy.from,
        proof,
        occurred_at,
        ...(failureStage === null ? {} : { failure_stage: failureStage }),
        ...(implied === true ? { implied } : {}),
      },
    },
  })
}

/** A run ends a few seconds after its last callback. A run that goes on is read less and less often, and then no more. */
const PACES = [
  { forMs: 2 * 60_000, everyMs: 10_000 },
  { forMs: 15 * 60_000, everyMs: 60_000 },
] as const

/**
 * Records what GitHub's record proves about an ended deploy: whether it shipped, whether the record contradicts the reported end, and
 * whether the run is over. The status stays. A late or repeated run holds the surface until it is over.
 */
async function reconcileEndedDeploy(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  deploy: DeployRow,
  runId: bigint,
  run: FollowedRun,
): Promise<void> {
  const at = deps.now()
  const over = run.status === 'completed'
  const seen = { runId, attempt: run.attempt, source: 'github', actor: ACTOR, at } as const
  const isSettled = await deps.db.$transaction(async (tx) => {
    const before = await lockDeploy(tx, deploy.id)
    if (before === null || !isTerminal(before.status)) return true
    if (isSuperseded(before, run)) return before.runRecord?.over === true
    await recordRunAttempt(tx, { ...before, id: deploy.id }, seen)
    if (!over && isRerunAfterEnd(run, deploy.finishedAt)) await recordLateRun(tx, { ...before, id: deploy.id }, seen)
    const locked = (await lockDeploy(tx, deploy.id)) ?? before
    // The run on record may be over while a late run, which was found during this look, still holds the surface.
    const isHolder = runId === (locked.lateRunId ?? runId)
    if (over && isHolder && locked.holdsSurface) await endHold(tx, deploy, { runId, conclusion: run.conclusion, at })
    if (runId !== locked.githubRunId) return over
    const shipped = await storeRunRecord(tx, { ...locked, id: deploy.id }, run)
    if (over) await confirmEnd(tx, deploy, locked, { runId, run, shipped, at })
    return over
  })
  if (isSettled) return
  const since = at.getTime() - (deploy.finishedAt ?? deploy.requestedAt).getTime()
  const pace = PACES.find(({ forMs }) => since < forMs)
  if (pace === undefined) return
  const runAt = new Date(at.getTime() + pace.everyMs)
  await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId: deploy.id } }, { runAt })
}

async function endHold(
  tx: DatabaseHandle,
  { id, surfaceId }: DeployRow,
  { runId, conclusion, at }: { readonly runId: bigint; readonly conclusion: string | null; readonly at: Date },
): Promise<void> {
  await updateDeployFacts(tx, id, { holdsSurface: false })
  await appendAuditEvent(
    tx,
    { actor: ACTOR, at, deployId: id, surfaceId },
    {
      action: 'console.deploy.late_run_over',
      status: null,
      payload: { run_id: runId.toString(), conclusion },
    },
  )
}

/** Records, once per attempt, what GitHub's record proves. Raises an alarm, once, when it contradicts what the workflow reported. */
async function confirmEnd(
  tx: DatabaseHandle,
  deploy: DeployRow,
  locked: LockedDeploy,
  seen: { readonly runId: bigint; readonly run: RunRecord; readonly shipped: Shipped; readonly at: Date },
): Promise<void> {
  const { runId, run, shipped, at } = seen
  if (locked.runRecord?.over === true && locked.runRecord.attempt === run.attempt) return
  const subject = { actor: ACTOR, at, deployId: deploy.id, surfaceId: deploy.surfaceId }
  const run_id = runId.toString()
  await appendAuditEvent(tx, subject, {
    action: 'console.deploy.end_confirmed',
    status: null,
    payload: { run_id, run_attempt: run.attempt, conclusion: run.conclusion, shipped },
  })
  const recorded = locked.lateRunId === null ? contradiction(locked.status, run, shipped) : null
  if (recorded === null) return
  await appendAuditEventOnce(tx, subject, {
    action: 'console.deploy.record_disagrees',
    status: null,
    payload: { run_id, reported: locked.status, recorded },
  })
}

function contradiction(status: string, { conclusion }: RunRecord, shipped: Shipped): string | null {
  if (status !== 'succeeded') return null
  if (conclusion !== 'success') return `the run ended as “${conclusion ?? 'unknown'}”`
  return shipped === 'yes' ? null : 'no job of the deploy phase ran'
}
