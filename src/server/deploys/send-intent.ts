import 'server-only'
import type { DispatchAnswer } from '~/domain/deploy'
import { AppError } from '~/domain/errors'
import { isDatabaseAway } from '~/server/db/client'
import { type DeployRow, type NewDeploy, readStanding } from '~/server/db/deploys'
import { recordDispatchOutcome } from '~/server/deploys/record-dispatch-outcome'
import { waitForRun } from '~/server/deploys/wait-for-run'
import type { Deps } from '~/server/deps'
import { isFlagOn } from '~/server/flags/is-flag-on'
import { dispatchWorkflow } from '~/server/github/dispatch-workflow'

/** Asks GitHub, once, for the run of an intent that was just committed, and answers without waiting for it. */
export async function sendIntent(deps: Deps, deploy: NewDeploy, since: Date): Promise<DispatchAnswer> {
  try {
    await askGitHub(deps, deploy)
    const waits = !(await isFlagOn(deps, 'FLAG_CONSOLE_DEPLOY_ASYNC', deploy.environment))
    if (waits) await waitForRun(deps, deploy.id, since)
    const standing = await readStanding(deps.sql, deploy.id)
    if (standing === null) throw new Error(`deploy ${deploy.id} was recorded and is gone`)
    return answerOf(standing)
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

export const answerOf = (deploy: Pick<DeployRow, 'id' | 'status' | 'githubRunId'>): DispatchAnswer => ({
  id: deploy.id,
  status: deploy.status,
  runId: deploy.githubRunId?.toString() ?? null,
})

async function askGitHub(deps: Deps, deploy: NewDeploy): Promise<void> {
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
  await recordDispatchOutcome(deps, { deployId: id, surfaceId, actor: requestedBy }, outcome)
}
