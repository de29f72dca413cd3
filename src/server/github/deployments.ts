import 'server-only'
import { z } from 'zod'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH } from '~/server/github/reads'
import { runIdSchema } from '~/server/github/workflow-runs'

const TIMEOUT_MS = 8_000

/** The states of a deployment that the console reports, in GitHub's words. */
export type DeploymentState = 'in_progress' | 'success' | 'failure' | 'error'

export interface DeploymentRequest {
  readonly repository: string
  readonly sha: string
  readonly environment: string
  readonly production: boolean
  /** Marks the deployment as the console's own, so that a lost answer does not lead to a second one. */
  readonly deployId: string
  readonly description: string
}

const created = z.object({ id: runIdSchema })

/** Throws Octokit's error. Not idempotent: call `findDeployment` first. */
export async function createDeployment(github: GitHub, request: DeploymentRequest): Promise<bigint> {
  const { data } = await github.request('POST /repos/{owner}/{repo}/deployments', {
    ...ownerAndRepo(request.repository),
    ref: request.sha,
    environment: request.environment,
    production_environment: request.production,
    description: request.description.slice(0, 140),
    payload: { console_deploy_id: request.deployId },
    // The commit was reviewed and its checks were shown. GitHub must neither merge nor wait for checks.
    auto_merge: false,
    required_contexts: [],
    request: { signal: AbortSignal.timeout(TIMEOUT_MS) },
  })
  return created.parse(data).id
}

/** GitHub keeps a payload as it was sent: as an object, or as its text. */
const ownPayload = z.object({ console_deploy_id: z.string() })
const payloadSchema = z.unknown().transform((payload) => {
  const value = typeof payload === 'string' ? parsedJson(payload) : payload
  return ownPayload.safeParse(value).data?.console_deploy_id ?? null
})
const listed = z.array(z.object({ id: runIdSchema, payload: payloadSchema }))
const statuses = z.array(z.object({ log_url: z.string().nullish(), target_url: z.string().nullish() }))

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The console's own deployment, or one that GitHub created for a job of the run. Null if GitHub lists neither. */
export async function findDeployment(
  github: GitHub,
  deploy: Pick<DeploymentRequest, 'repository' | 'sha' | 'deployId'> & { readonly runId: bigint | null },
): Promise<{ readonly id: bigint; readonly isOwn: boolean } | null> {
  const parameters = {
    ...ownerAndRepo(deploy.repository),
    per_page: PAGE_LENGTH,
    request: { signal: AbortSignal.timeout(TIMEOUT_MS) },
  }
  const { data } = await github.request('GET /repos/{owner}/{repo}/deployments', { ...parameters, sha: deploy.sha })
  const deployments = listed.parse(data)
  const own = deployments.find(({ payload }) => payload === deploy.deployId)
  if (own !== undefined) return { id: own.id, isOwn: true }
  if (deploy.runId === null) return null
  for (const { id } of deployments.filter(({ payload }) => payload === null).slice(0, LOOKED_AT_MOST)) {
    // The id is part of the address: Octokit types ids as numbers, which would round large ones.
    const address: string = `GET /repos/{owner}/{repo}/deployments/${id}/statuses`
    const answer = await github.request(address, parameters)
    const urls = statuses.parse(answer.data).flatMap(({ log_url, target_url }) => [log_url ?? '', target_url ?? ''])
    if (urls.some((url) => `${url}/`.includes(`/actions/runs/${deploy.runId}/`))) return { id, isOwn: false }
  }
  return null
}

/** GitHub lists the newest first. A commit rarely has more deployments than environments. */
const LOOKED_AT_MOST = 10

/** Throws Octokit's error. A repetition adds a second, equal status. */
export async function addDeploymentStatus(
  github: GitHub,
  repository: string,
  id: bigint,
  status: {
    readonly state: DeploymentState
    readonly description: string
    readonly logUrl: string
    readonly environmentUrl: string
  },
): Promise<void> {
  const address: string = `POST /repos/{owner}/{repo}/deployments/${id}/statuses`
  await github.request(address, {
    ...ownerAndRepo(repository),
    state: status.state,
    description: status.description.slice(0, 140),
    log_url: status.logUrl,
    environment_url: status.environmentUrl,
    request: { signal: AbortSignal.timeout(TIMEOUT_MS) },
  })
}
