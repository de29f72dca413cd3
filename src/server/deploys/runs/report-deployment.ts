import 'server-only'
import { isTerminal, statusWord } from '~/domain/deploy/status'
import type { Deps } from '~/server/deps'
import { answerOfError, classifyAnswer } from '~/server/github/answers'
import {
  addDeploymentStatus,
  createDeployment,
  type DeploymentState,
  findDeployment,
} from '~/server/github/deployments'
import { readWorkflowFile } from '~/server/github/workflow-file'
import type { Prisma } from '~/server/platform/generated/client.ts'

const select = {
  id: true,
  repository: true,
  workflow: true,
  workflowRef: true,
  environment: true,
  sha: true,
  status: true,
  githubRunId: true,
  githubEnvironment: true,
  githubDeploymentId: true,
  githubDeploymentState: true,
  surface: { select: { name: true, url: true } },
} satisfies Prisma.DeploySelect
type Reported = Prisma.DeployGetPayload<{ select: typeof select }>

type ReportDeps = Pick<Deps, 'db' | 'github' | 'config' | 'logger'>

/**
 * Shows a deploy among GitHub's deployments of the declared environment. Where a job of the workflow names an environment, GitHub creates
 * the deployment itself, and the console adds none.
 *
 * @throws Octokit's error if the report may succeed later, so that the queued job is retried
 */
export async function reportDeployment(deps: ReportDeps, deployId: string): Promise<void> {
  const deploy = await deps.db.deploy.findUniqueOrThrow({ where: { id: deployId }, select })
  const { githubEnvironment, githubDeploymentState: known, sha } = deploy
  if (githubEnvironment === null || sha === null || known === 'adopted' || known === 'refused') return
  const state = stateOf(deploy.status)
  if (state === known) return
  // GitHub refused the dispatch, or never started a run.
  if (isTerminal(deploy.status) && deploy.githubRunId === null && deploy.githubDeploymentId === null) return
  try {
    const id = deploy.githubDeploymentId ?? (await findOrCreate(deps, { ...deploy, githubEnvironment, sha }))
    if (id === null) return
    await addDeploymentStatus(deps.github, deploy.repository, id, {
      state,
      description: statusWord(deploy.status),
      logUrl: `${deps.config.consoleUrl}/deploys/${deploy.id}`,
      environmentUrl: deploy.surface.url,
    })
    await record(deps, deploy.id, { githubDeploymentState: state })
  } catch (error) {
    const { kind } = classifyAnswer('look', answerOfError(error))
    if (kind === 'later' || kind === 'unknown') throw error
    deps.logger.warn({ deployId, err: error }, 'GitHub refused the deployment of a deploy; it is not reported again')
    await record(deps, deploy.id, { githubDeploymentState: 'refused' })
  }
}

/** Null if the deployment is GitHub's own, or GitHub may still create one for a job. */
async function findOrCreate(
  deps: ReportDeps,
  deploy: Reported & { readonly githubEnvironment: string; readonly sha: string },
): Promise<bigint | null> {
  const { id, repository, sha, githubRunId: runId, status } = deploy
  const found = await findDeployment(deps.github, { repository, sha, deployId: id, runId })
  if (found !== null) {
    const adopted = found.isOwn ? {} : { githubDeploymentState: 'adopted' }
    await record(deps, id, { githubDeploymentId: found.id, ...adopted })
    return found.isOwn ? found.id : null
  }
  if (!isTerminal(status) && (await mayNameEnvironment(deps, deploy))) return null
  const created = await createDeployment(deps.github, {
    repository,
    sha,
    environment: deploy.githubEnvironment,
    production: deploy.environment === 'production',
    deployId: id,
    description: `${deploy.surface.name}, by Deploy Console`,
  })
  await record(deps, id, { githubDeploymentId: created })
  return created
}

/** Whether a job names an environment. A called workflow may do so too, and an unreadable file is not known. */
async function mayNameEnvironment(deps: ReportDeps, { repository, workflow, workflowRef: ref }: Reported) {
  const { file } = await readWorkflowFile(deps, { repository, workflow, ref })
  return file === null || file.jobs.some(({ hasEnvironment, calls }) => hasEnvironment || calls)
}

async function record({ db }: ReportDeps, id: string, data: Prisma.DeployUpdateInput): Promise<void> {
  await db.deploy.update({ where: { id }, data, select: { id: true } })
}

function stateOf(status: string): DeploymentState {
  if (!isTerminal(status)) return 'in_progress'
  if (status === 'succeeded') return 'success'
  return status === 'cancelled' ? 'error' : 'failure'
}
