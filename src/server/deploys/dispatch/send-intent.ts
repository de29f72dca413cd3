import 'server-only'
import type { DispatchAnswer } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import type { NewDeploy } from '~/server/deploys/admit/insert-deploy'
import { readStanding, type Standing } from '~/server/deploys/deploys'
import { recordDispatchOutcome } from '~/server/deploys/dispatch/record-dispatch-outcome'
import { waitForRun } from '~/server/deploys/dispatch/wait-for-run'
import type { Deps } from '~/server/deps'
import { dispatchWorkflow } from '~/server/github/dispatch-workflow'
import { isDatabaseAway } from '~/server/platform/database'

/** What a dispatch has to know of the flags: `readFlags` for the environment of the surface. */
export const DISPATCH_FLAGS = ['FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS', 'FLAG_CONSOLE_DEPLOY_ASYNC'] as const

export interface Intent {
  readonly deploy: NewDeploy
  /** Else it is waited for the run, for a while. */
  readonly answersAtOnce: boolean
}

/** Asks GitHub, once, for the run of an intent that was just committed. */
export async function sendIntent(deps: Deps, intent: Intent, since: Date): Promise<DispatchAnswer> {
  const { deploy, answersAtOnce } = intent
  try {
    const standing = await askGitHub(deps, deploy)
    if (answersAtOnce) return answerOf(standing)
    await waitForRun(deps, deploy.id, since)
    return answerOf(await readStanding(deps.db, deploy.id))
  } catch (error) {
    // Once the intent is committed, an error must not sound as if nothing had happened.
    if (!isDatabaseAway(error)) throw error
    throw new AppError(
      'database_unavailable',
      `The database went away after deploy ${deploy.id} was recorded and GitHub may have been asked. It will not be sent again; watch that deploy.`,
      { details: { deploy_id: deploy.id }, cause: error },
    )
  }
}

export const answerOf = (deploy: Standing): DispatchAnswer => ({
  id: deploy.id,
  status: deploy.status,
  runId: deploy.githubRunId?.toString() ?? null,
})

async function askGitHub(deps: Deps, deploy: NewDeploy): Promise<Standing> {
  const outcome = await dispatchWorkflow(deps.github, {
    repository: deploy.repository,
    workflow: deploy.workflow,
    ref: deploy.workflowRef,
    inputs: {
      console_deploy_id: deploy.id,
      environment: deploy.environment,
      // The reviewed commit, not the name: what ships is what was reviewed even if the ref moves meanwhile.
      ref: deploy.sha ?? deploy.ref,
      phase_callbacks: String(deploy.phaseCallbacks),
    },
  })
  const { id, surfaceId, requestedBy } = deploy
  return recordDispatchOutcome(deps, { deployId: id, surfaceId, actor: requestedBy }, outcome)
}
