import path from 'node:path'
import type { Pauses } from '~/sandbox/control/pauses'
import type { Repository } from '~/sandbox/git/repository'
import { readBlob } from '~/sandbox/git/repository'
import type { Urls } from '~/sandbox/github/endpoint'
import type { IdTokens } from '~/sandbox/github/endpoints/id-tokens'
import type { RunRequest } from '~/sandbox/runner/types'
import type { RunRecord } from '~/sandbox/runs/run-record'
import type { SandboxConfig } from '~/sandbox/state/config'
import type { Variables } from '~/sandbox/state/variables'

interface RunEnvironment {
  readonly config: Pick<SandboxConfig, 'dir' | 'callbackSecret' | 'surfaces'>
  readonly repository: Repository
  readonly urls: Urls
  readonly variables: Variables
  readonly deployHookToken: string
  readonly pauses: Pauses
  readonly grantIdTokens: IdTokens['grant']
}

/** `deploy-customer-docs.yml` reads its surface's URL from `CUSTOMER_DOCS_SURFACE_URL`. */
const surfaceVariable = (workflow: string): string =>
  `${workflow
    .replace(/^deploy-/, '')
    .replace(/\.ya?ml$/, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()}_SURFACE_URL`

const environmentVariables = ({ config, urls }: RunEnvironment): Record<string, Record<string, string>> => {
  const environments: Record<string, Record<string, string>> = {}
  for (const { environment, workflow, id } of config.surfaces) {
    environments[environment] = {
      ...environments[environment],
      [surfaceVariable(workflow)]: `${urls.web}/surfaces/${id}`,
    }
  }
  return environments
}

/** The runner's input for one attempt, with the secrets and variables of this moment. */
export const runRequestFor =
  (environment: RunEnvironment) =>
  async (run: RunRecord): Promise<RunRequest> => {
    const { config, repository, urls, variables, deployHookToken, pauses, grantIdTokens } = environment
    const workDir = path.resolve(config.dir, 'work', `${run.runId}-${run.attempt}`)
    return {
      runId: run.runId,
      runNumber: run.runNumber,
      runAttempt: run.attempt,
      workflowPath: run.workflow.path,
      workflowText: (await readBlob(repository, run.sha, run.workflow.path)) ?? '',
      event: { name: run.event, inputs: run.inputs },
      actor: run.actor,
      repository: { owner: repository.owner, name: repository.name, gitDir: repository.gitDir },
      sha: run.sha,
      refName: run.refName,
      refType: run.refType,
      secrets: { DEPLOY_CALLBACK_HMAC_SECRET: config.callbackSecret, DEPLOY_HOOK_TOKEN: deployHookToken },
      vars: {
        repository: Object.fromEntries(variables.list().map(({ name, value }) => [name, value])),
        environments: environmentVariables(environment),
      },
      serverUrl: urls.web,
      apiUrl: urls.api,
      workDir,
      grantIdTokens,
      beforeStep: pauses.pass,
    }
  }
