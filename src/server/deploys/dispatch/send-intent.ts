import 'server-only'
import type { DispatchAnswer } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { NewDeploy } from '~/server/deploys/admit/insert-deploy'
import { type DeployState, fillRun, readDeployState } from '~/server/deploys/deploys'
import { advanceDeploy } from '~/server/deploys/deploys.sql'
import { waitForRun } from '~/server/deploys/runs/find-run'
import type { Deps } from '~/server/deps'
import { liftRollbackLock } from '~/server/freezes/lift-rollback-lock'
import { type DispatchOutcome, dispatchWorkflow } from '~/server/github/dispatch-workflow'
import { type DatabaseHandle, isDatabaseUnavailable } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'

/** The flags that a dispatch reads for the surface's environment. */
export const DISPATCH_FLAGS = ['FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS', 'FLAG_CONSOLE_DEPLOY_ASYNC'] as const

export interface Intent {
  readonly deploy: NewDeploy
  /** False: the answer waits for the run, for up to 25 seconds. */
  readonly answersAtOnce: boolean
}

/** Asks GitHub once to start the run of a committed intent. */
export async function sendIntent(deps: Deps, intent: Intent, since: Date): Promise<DispatchAnswer> {
  const { deploy, answersAtOnce } = intent
  try {
    const state = await askGitHub(deps, deploy)
    if (answersAtOnce) return answerOf(state)
    await waitForRun(deps, deploy.id, since)
    return answerOf(await readDeployState(deps.db, deploy.id))
  } catch (error) {
    // The intent is committed, so the error must not say that nothing happened.
    if (!isDatabaseUnavailable(error)) throw error
    throw new AppError(
      'database_unavailable',
      `The database failed after deploy ${deploy.id} was recorded. GitHub may have been asked, and will not be asked again. Follow that deploy.`,
      { details: { deploy_id: deploy.id }, cause: error },
    )
  }
}

export const answerOf = (deploy: DeployState): DispatchAnswer => ({
  id: deploy.id,
  status: deploy.status,
  runId: deploy.githubRunId?.toString() ?? null,
})

async function askGitHub(deps: Deps, deploy: NewDeploy): Promise<DeployState> {
  const outcome = await dispatchWorkflow(deps.github, {
    repository: deploy.repository,
    workflow: deploy.workflow,
    ref: deploy.workflowRef,
    inputs: deploy.inputs,
  })
  const { id, surfaceId, requestedBy } = deploy
  return recordDispatchOutcome(deps, { deployId: id, surfaceId, actor: requestedBy }, outcome)
}

interface Subject {
  readonly deployId: string
  readonly surfaceId: string
  readonly actor: string
}

/**
 * Records GitHub's answer and returns the deploy's state. If the workflow's first callback was faster, it has already moved the deploy
 * through `dispatched`, and only the run id is filled in.
 */
export async function recordDispatchOutcome(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  subject: Subject,
  outcome: DispatchOutcome,
): Promise<DeployState> {
  const at = deps.now()
  const state = await deps.db.$transaction((tx) => recordOutcome(tx, { ...subject, at }, outcome))
  deps.logger.info({ deployId: subject.deployId, outcome: outcome.kind }, 'dispatch answered')
  return state
}

async function recordOutcome(
  tx: DatabaseHandle,
  subject: Subject & { readonly at: Date },
  outcome: DispatchOutcome,
): Promise<DeployState> {
  const { deployId } = subject
  switch (outcome.kind) {
    case 'accepted': {
      const { runId } = outcome
      // The first look at the run: its commit, if the chosen ref moved, and its jobs.
      await addJob(tx, { task: 'reconcile_deploy', payload: { deployId } })
      const moved = await advanceDeploy(tx, {
        ...subject,
        to: 'dispatched',
        runId,
        event: {
          action: 'console.deploy.dispatched',
          status: 'dispatched',
          payload: { source: 'github', run_id: runId?.toString() ?? null },
        },
      })
      if (moved !== null) return moved
      if (runId !== null) await fillRun(tx, deployId, runId)
      return readDeployState(tx, deployId)
    }
    case 'refused': {
      const moved = await advanceDeploy(tx, {
        ...subject,
        to: 'failed',
        // A callback that arrived in the meantime proves that GitHub accepted.
        onlyFrom: 'requested',
        failureStage: 'dispatch_failed',
        failureDetail: outcome.reason,
        shipped: 'no',
        event: {
          action: 'console.deploy.dispatch_refused',
          status: 'failed',
          payload: { http_status: outcome.httpStatus, reason: outcome.reason },
        },
      })
      if (moved === null) return readDeployState(tx, deployId)
      await liftRollbackLock(tx, subject)
      return moved
    }
    case 'unknown':
      await appendAuditEvent(tx, subject, {
        action: 'console.deploy.dispatch_unknown',
        status: null,
        payload: { reason: outcome.reason },
      })
      return readDeployState(tx, deployId)
    default:
      return outcome satisfies never
  }
}
