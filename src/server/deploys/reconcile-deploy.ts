import 'server-only'
import { type DeployStatus, isKnownStatus, isTerminal } from '~/domain/deploy-status'
import { type Evidence, evidenceBeyond } from '~/domain/run-evidence'
import type { DatabaseHandle } from '~/server/db/client'
import {
  advanceDeploy,
  type DeployRow,
  findDeploy,
  type LockedDeploy,
  lockDeploy,
  type Standing,
  updateDeployFacts,
} from '~/server/db/deploys'
import { findRun, LOOKUP_TIMEOUT_MS } from '~/server/deploys/find-run'
import { noteRunAttempt } from '~/server/deploys/note-run-attempt'
import { pressCancel } from '~/server/deploys/press-cancel'
import type { Deps } from '~/server/deps'
import { readRun } from '~/server/github/workflow-runs'

/** Contract.md, "Dispatch" and "Reconciler": after this without a run, there is none. */
const NO_RUN_AFTER_MS = 10 * 60_000

const ACTOR = 'reconciler'

type Reconciling = Pick<Deps, 'db' | 'github' | 'now' | 'logger'>

/**
 * Compares one unfinished deploy with GitHub and closes the difference: adopts its run, applies in order what the
 * run's record proves, and gives up what GitHub, answering, has no run for. Never dispatches. While GitHub does not
 * answer, nothing is concluded.
 *
 * @throws whatever GitHub's client throws when GitHub does not answer
 */
export async function reconcileDeploy(deps: Reconciling, id: string): Promise<void> {
  const deploy = await findDeploy(deps.db, id)
  if (deploy === null || isTerminal(deploy.status) || !isKnownStatus(deploy.status)) return
  // Before GitHub is asked: one deploy it cannot answer for must not keep its turn at the head of every pass.
  await updateDeployFacts(deps.db, id, { lastLookedAt: deps.now() })

  const runId = deploy.githubRunId ?? (await findRun(deps, deploy))
  if (runId === null) return giveUpWithoutRun(deps, deploy)

  const run = await readRun(deps.github, deploy.repository, runId, AbortSignal.timeout(LOOKUP_TIMEOUT_MS))
  if (run === null) return giveUpGoneRun(deps, deploy)
  if (run.status !== 'completed' && deploy.cancelRequestedAt !== null && deploy.cancelAcknowledgedAt === null) {
    await pressCancel(deps, deploy, runId)
  }
  await apply(
    deps,
    deploy,
    ({ status }) => evidenceBeyond(status, run),
    (tx, locked) =>
      noteRunAttempt(
        tx,
        { ...locked, id },
        { runId, attempt: run.attempt, source: 'github', actor: ACTOR, at: deps.now() },
      ),
  )
}

async function giveUpWithoutRun(deps: Reconciling, deploy: DeployRow): Promise<void> {
  const now = deps.now()
  if (now.getTime() - deploy.requestedAt.getTime() < NO_RUN_AFTER_MS) return
  const proof = 'GitHub lists no run with this deploy’s id ten minutes after the dispatch'
  const at = now.toISOString()
  await apply(deps, deploy, ({ status, githubRunId }) => {
    // A callback that came while GitHub was asked knows better than the list did.
    if (githubRunId !== null || status !== deploy.status) return []
    return status === 'requested'
      ? [{ status: 'failed', at, failureStage: 'dispatch_failed', proof }]
      : [{ status: 'timed_out', at, failureStage: null, proof }]
  })
}

/** A run GitHub answers 404 for may be too young to be seen; past the surface's time limit it is gone. */
async function giveUpGoneRun(deps: Reconciling, deploy: DeployRow): Promise<void> {
  const now = deps.now()
  const limitMs = deploy.surface.timeoutMinutes * 60_000
  if (now.getTime() - deploy.requestedAt.getTime() < limitMs) return
  const at = now.toISOString()
  const proof = `GitHub no longer knows the run, and the time limit of ${deploy.surface.timeoutMinutes} minutes is over`
  await apply(deps, deploy, ({ status }) => {
    if (status !== deploy.status) return []
    return [
      { status: 'dispatched', at, failureStage: null, proof: 'its run was on record' },
      { status: 'timed_out', at, failureStage: null, proof },
    ]
  })
}

/** Applies evidence in order, under the row's lock, each step by the same compare-and-set callbacks use. */
async function apply(
  deps: Reconciling,
  { id, surfaceId }: DeployRow,
  evidenceFor: (locked: LockedDeploy & { readonly status: DeployStatus }) => readonly Evidence[],
  also: (tx: DatabaseHandle, locked: LockedDeploy) => Promise<unknown> = async () => {},
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
      if ((await advanceByEvidence(tx, { id, surfaceId, from, at }, evidence)) === null) continue
      from = evidence.status
      moved.push(evidence.status)
    }
    return moved
  })
  if (applied.length > 0) deps.logger.info({ deployId: id, statuses: applied }, 'reconciled with GitHub')
}

function advanceByEvidence(
  tx: DatabaseHandle,
  deploy: { readonly id: string; readonly surfaceId: string; readonly from: string; readonly at: Date },
  { status, at: occurred_at, failureStage, proof }: Evidence,
): Promise<Standing | null> {
  return advanceDeploy(tx, {
    deployId: deploy.id,
    surfaceId: deploy.surfaceId,
    to: status,
    actor: ACTOR,
    at: deploy.at,
    occurredAt: new Date(occurred_at),
    failureStage,
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
      },
    },
  })
}
