import path from 'node:path'
import type { Pauses } from '~/sandbox/control/pauses'
import { readBlob } from '~/sandbox/git/repository'
import type { Urls } from '~/sandbox/github/endpoint'
import type { IdTokens } from '~/sandbox/github/endpoints/id-tokens'
import type { RunRequest } from '~/sandbox/runner/types'
import type { PendingDeployments } from '~/sandbox/runs/pending-deployments'
import type { RunRecord } from '~/sandbox/runs/run-record'
import type { SandboxRepository } from '~/sandbox/samples/repositories'
import type { SandboxConfig } from '~/sandbox/state/config'

interface RunEnvironment {
  readonly config: Pick<SandboxConfig, 'dir'>
  readonly repositories: ReadonlyMap<string, SandboxRepository>
  readonly urls: Urls
  readonly pauses: Pauses
  readonly pending: PendingDeployments
  readonly grantIdTokens: IdTokens['grant']
}

/** The runner's input for one attempt, with the secrets and variables of this moment. */
export const runRequestFor =
  (environment: RunEnvironment) =>
  async (run: RunRecord): Promise<RunRequest> => {
    const { config, urls, pauses, pending, grantIdTokens } = environment
    const own = environment.repositories.get(run.repository)
    if (own === undefined) throw new Error(`The sandbox has no repository ${run.repository}`)
    const { repository, environments } = own
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
      secrets: own.secrets,
      vars: {
        repository: Object.fromEntries(own.variables.list().map(({ name, value }) => [name, value])),
        environments: own.environmentVariables(),
      },
      serverUrl: urls.web,
      apiUrl: urls.api,
      workDir,
      grantIdTokens,
      protect: (job, name, signal) => pending.wait({ runId: run.runId, environments }, job, name, signal),
      beforeStep: pauses.pass,
    }
  }
