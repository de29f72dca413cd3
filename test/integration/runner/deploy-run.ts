import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { RunEvent } from '~/sandbox/runner/types'
import { startReceiver } from './callback-receiver'
import { createRepository } from './git-repository'
import type { Answer } from './http-server'
import { run, runRequest } from './run-support'
import { type SurfaceMood, startSurface } from './sample-surface'

export const secret = 'a callback secret of ample length'
export const hookToken = 'hook-token-0123456789'
export const deployId = '0192f0c1-2345-7abc-8def-0123456789ab'

export type Workflow = readonly [file: string, variable: string, title: string, surface: string]

export const consoleWorkflow: Workflow = ['deploy-console.yml', 'CONSOLE_SURFACE_URL', 'Deploy console', 'console']
export const herokuWorkflow: Workflow = ['deploy-heroku.yml', 'HEROKU_SURFACE_URL', 'Deploy API', 'api-prod']
export const docsWorkflow: Workflow = [
  'deploy-customer-docs.yml',
  'CUSTOMER_DOCS_SURFACE_URL',
  'Deploy customer docs',
  'customer-docs',
]
export const statusPageWorkflow: Workflow = [
  'deploy-status-page.yml',
  'STATUS_PAGE_SURFACE_URL',
  'Deploy status page',
  'status-page',
]

interface Scenario {
  readonly environment?: string
  readonly phaseCallbacks?: string
  readonly deployId?: string
  readonly ref?: string
  readonly freeze?: string
  /** The console's answer to a freeze check. By default nothing is frozen. */
  readonly freezeAnswer?: Answer
  /** If false, the repository has neither the console's address nor the secret. */
  readonly console?: boolean
  readonly mood?: SurfaceMood
  /** Files of the repository in addition to this project's `.github`, or in place of one of its files. */
  readonly files?: Readonly<Record<string, string>>
  readonly watch?: (event: RunEvent) => void
  readonly signal?: AbortSignal
}

/** Runs one of this repository's deploy workflows to its end, with real HTTP servers as console and surface. */
export async function deploy([file, variable]: Workflow, scenario: Scenario = {}) {
  const { freezeAnswer } = scenario
  const receiver = await startReceiver(secret, undefined, freezeAnswer === undefined ? undefined : () => freezeAnswer)
  const configured = scenario.console ?? true
  const surface = await startSurface(hookToken, scenario.mood)
  const repository = createRepository({ 'README.md': 'A platform.\n', ...scenario.files }, { github: true })
  const environment = scenario.environment ?? 'production'
  const finished = await run(
    runRequest(repository, {
      workflowPath: `.github/workflows/${file}`,
      workflowText: readFileSync(path.resolve(import.meta.dirname, '../../../.github/workflows', file), 'utf8'),
      event: {
        name: 'workflow_dispatch',
        inputs: {
          console_deploy_id: scenario.deployId ?? deployId,
          environment,
          ref: scenario.ref ?? repository.sha,
          phase_callbacks: scenario.phaseCallbacks ?? 'true',
        },
      },
      secrets: { ...(configured ? { DEPLOY_CALLBACK_HMAC_SECRET: secret } : {}), DEPLOY_HOOK_TOKEN: hookToken },
      vars: {
        repository: {
          ...(configured ? { CONSOLE_INTERNAL_URL: receiver.url } : {}),
          HEALTH_CHECK_SECONDS: '1',
          ...(scenario.freeze === undefined ? {} : { DEPLOY_FREEZE: scenario.freeze }),
        },
        environments: { [environment]: { [variable]: surface.url } },
      },
    }),
    scenario.watch,
    scenario.signal,
  )
  const { received, questions } = receiver
  return { ...finished, surface: surface.state, received, questions, sha: repository.sha }
}

export const statuses = (received: readonly { readonly status: string }[]) => received.map(({ status }) => status)
