import 'server-only'
import { z } from 'zod'
import { type Evidence, evidenceBeyond, type RunRecord } from '~/domain/deploy/evidence'
import { type DeployStatus, isKnownStatus, isTerminal } from '~/domain/deploy/status'
import { requestCancel } from '~/server/deploys/cancel/request-cancel'
import {
  type DeployRow,
  findDeploy,
  recordGitHubSilence,
  type Standing,
  updateDeployFacts,
} from '~/server/deploys/deploys'
import { advanceDeploy, type LockedDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import { findRun, LOOKUP_TIMEOUT_MS } from '~/server/deploys/runs/find-run'
import { lookAfterEnd } from '~/server/deploys/runs/look-after-end'
import { noteRunAttempt } from '~/server/deploys/runs/note-run-attempt'
import { storeRunRecord } from '~/server/deploys/runs/store-run-record'
import type { Deps } from '~/server/deps'
import { asGitHubError } from '~/server/github/github-error'
import { readRun } from '~/server/github/workflow-runs'
import type { DatabaseHandle } from '~/server/platform/database'

const ACTOR = 'reconciler'

type Reconciling = Pick<Deps, 'db' | 'github' | 'now' | 'logger'>

/**
 * Compares one deploy with GitHub and closes the difference: adopts its run and applies in order what the record of the run
 * proves. Without a run nothing is concluded but that the surface's time is up. A deploy that has ended stays as it ended; what its run
 * shipped, and whether it is over, is put on record. Never dispatches. While GitHub does not answer, nothing is concluded, and since
 * when is put on record.
 *
 * @throws whatever GitHub's client throws when GitHub does not answer
 */
export async function reconcileDeploy(deps: Reconciling, id: string): Promise<void> {
  const deploy = await findDeploy(deps.db, id)
  if (deploy === null || !isKnownStatus(deploy.status)) return
  // Before GitHub is asked: one deploy it cannot answer for must not keep its turn at the head of every pass.
  await updateDeployFacts(deps.db, id, { lastLookedAt: deps.now() })

  const { runId, run } = await askGitHub(deps, deploy)
  if (isTerminal(deploy.status))
    return runId === null || run === null ? undefined : lookAfterEnd(deps, deploy, runId, run)
  if (runId === null || run === null) return endWhenTimeIsUp(deps, deploy, runId)
  if (run.status !== 'completed' && deploy.cancelRequestedAt !== null && deploy.cancelAcknowledgedAt === null) {
    await requestCancel(deps, deploy, runId)
  }
  await apply(
    deps,
    deploy,
    ({ status }) => evidenceBeyond(status, run),
    async (tx, locked) => {
      const seen = { runId, attempt: run.attempt, source: 'github', actor: ACTOR, at: deps.now() } as const
      await noteRunAttempt(tx, { ...locked, id }, seen)
    },
    run,
  )
}

async function askGitHub(deps: Reconciling, deploy: DeployRow) {
  try {
    // Of an ended deploy, the run that holds its surface is the one to look at.
    const late = isTerminal(deploy.status) ? deploy.lateRunId : null
    const runId = late ?? deploy.githubRunId ?? (await findRun(deps, deploy))
    const signal = AbortSignal.timeout(LOOKUP_TIMEOUT_MS)
    const run = runId === null ? null : await readRun(deps.github, deploy.repository, runId, signal)
    if (deploy.githubSilentSince !== null) await recordGitHubSilence(deps.db, deploy.id, null)
    return { runId, run }
  } catch (error) {
    const unanswered = asGitHubError(error) !== null || error instanceof z.ZodError
    if (unanswered) await recordGitHubSilence(deps.db, deploy.id, deps.now())
    throw error
  }
}

/**
 * No run is seen, or GitHub no longer shows it: that proves nothing, so the deploy waits for the surface's time limit. It ends then, and
 * goes on holding its surface, since GitHub may still start the run, or go on with it.
 */
async function endWhenTimeIsUp(deps: Reconciling, deploy: DeployRow, runId: bigint | null): Promise<void> {
  const now = deps.now()
  const { timeoutMinutes } = deploy.surface
  if (now.getTime() - deploy.requestedAt.getTime() < timeoutMinutes * 60_000) return
  const proof =
    runId === null
      ? `no run was seen in ${timeoutMinutes} minutes`
      : `GitHub no longer shows the run, and the time limit of ${timeoutMinutes} minutes is over`
  await apply(deps, deploy, ({ status, githubRunId }) => {
    // A callback that came while GitHub was asked knows better than the list did.
    if (status !== deploy.status || githubRunId !== runId) return []
    return [{ status: 'timed_out', at: now.toISOString(), failureStage: null, proof }]
  })
}

/** Applies evidence in order, under the row's lock, each step by the same compare-and-set callbacks use. */
async function apply(
  deps: Reconciling,
  { id, surfaceId }: DeployRow,
  evidenceFor: (locked: LockedDeploy & { readonly status: DeployStatus }) => readonly Evidence[],
  also: (tx: DatabaseHandle, locked: LockedDeploy) => Promise<void> = async () => {},
  run?: RunRecord,
): Promise<void> {
  const at = deps.now()
  const applied = await deps.db.$transaction(async (tx) => {
    const locked = await lockDeploy(tx, id)
    if (locked === null || !isKnownStatus(locked.status)) return []
    await also(tx, locked)
    const { status } = locked
    let from: string = status
    const moved: string[] = []
    for (const evidence of evidenceFor({ ...locked, status })) {
      if ((await advanceByEvidence(tx, { id, surfaceId, from, at, isOver: run !== undefined }, evidence)) === null)
        continue
      from = evidence.status
      moved.push(evidence.status)
    }
    if (run !== undefined) await storeRunRecord(tx, { id, status: from, lateRunId: locked.lateRunId }, run, at)
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
    /** An end that GitHub's record of the run shows is one of the run too. */
    readonly isOver: boolean
  },
  { status, at: occurred_at, failureStage, proof, implied }: Evidence,
): Promise<Standing | null> {
  return advanceDeploy(tx, {
    deployId: deploy.id,
    surfaceId: deploy.surfaceId,
    to: status,
    actor: ACTOR,
    at: deploy.at,
    occurredAt: new Date(occurred_at),
    failureStage,
    holdsSurface: isTerminal(status) && !deploy.isOver,
    ...(status === 'failed' || status === 'timed_out'
      ? { failureDetail: `${proof.charAt(0).toUpperCase()}${proof.slice(1)}.` }
      : {}),
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
