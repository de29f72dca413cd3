import 'server-only'
import type { DispatchAnswer } from '~/domain/deploy'
import { AppError } from '~/domain/errors'
import { isDatabaseAway } from '~/server/db/client'
import { type NewDeploy, readStanding, type Standing } from '~/server/db/deploys'
import { allDone } from '~/server/db/statements'
import { recordDispatchOutcome } from '~/server/deploys/record-dispatch-outcome'
import { waitForRun } from '~/server/deploys/wait-for-run'
import type { Deps } from '~/server/deps'
import { isFlagOn } from '~/server/flags/is-flag-on'
import { dispatchWorkflow } from '~/server/github/dispatch-workflow'

/** Asks GitHub, once, for the run of an intent that was just committed, and answers without waiting for it. */
export async function sendIntent(deps: Deps, deploy: NewDeploy, since: Date): Promise<DispatchAnswer> {
  try {
    // The flag is read while GitHub takes its time. What fails there is thrown once GitHub's answer is recorded.
    const [standing, answersAtOnce] = await allDone([
      askGitHub(deps, deploy),
      isFlagOn(deps, 'FLAG_CONSOLE_DEPLOY_ASYNC', deploy.environment),
    ])
    if (answersAtOnce) return answerOf(standing)
    await waitForRun(deps, deploy.id, since)
    return answerOf(await readStanding(deps.sql, deploy.id))
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
