import { mkdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { ContextValue, Scope, StatusFunctions } from '~/sandbox/runner/expressions'
import type { Mask } from '~/sandbox/runner/mask'
import type { IdTokenGrant, RunEvent, RunRequest } from '~/sandbox/runner/types'

type JobStatus = 'success' | 'failure' | 'cancelled'

/** A running job: its directories, its contexts, and the changes its steps have made. */
export interface JobRun {
  readonly id: string
  readonly request: RunRequest
  readonly workspace: string
  readonly temp: string
  readonly home: string
  readonly github: Readonly<Record<string, ContextValue>>
  readonly runner: Readonly<Record<string, string>>
  readonly inputs: Readonly<Record<string, ContextValue>>
  readonly vars: Readonly<Record<string, string>>
  readonly needs: Readonly<Record<string, ContextValue>>
  readonly strategy: Readonly<Record<string, ContextValue>>
  /** `null` outside a matrix. */
  readonly matrix: Readonly<Record<string, ContextValue>> | null
  /** The address and token by which the job requests ID tokens, if it has the permission. */
  readonly idTokens: IdTokenGrant | undefined
  readonly mask: Mask
  readonly observe: (event: RunEvent) => void
  /** Aborts if the run is cancelled or the job times out. */
  readonly signal: AbortSignal
  /** Aborts when even steps with `always()` must end. */
  readonly deadline: AbortSignal
  readonly groups: Set<number>
  status: JobStatus
  /** `env` of workflow and job, then the variables that steps wrote to GITHUB_ENV. */
  env: Record<string, string>
  /** The directories that steps wrote to GITHUB_PATH, newest first. */
  path: readonly string[]
}

type JobPlaces = Pick<JobRun, 'workspace' | 'temp' | 'home' | 'github' | 'runner'>

/** Makes a job's directories and describes them as GitHub's runner does. */
export async function prepareJobPlaces(
  request: RunRequest,
  job: { readonly key: string; readonly id: string },
  github: Readonly<Record<string, ContextValue>>,
): Promise<JobPlaces> {
  const base = path.join(request.workDir, job.key)
  const workspace = path.join(base, 'work', request.repository.name, request.repository.name)
  const temp = path.join(base, '_temp')
  const home = path.join(base, 'home')
  const tools = path.join(base, '_tool')
  const eventPath = path.join(temp, '_github_workflow', 'event.json')
  for (const directory of [workspace, path.dirname(eventPath), home, tools]) await mkdir(directory, { recursive: true })
  await writeFile(eventPath, JSON.stringify(github['event']))
  return {
    workspace,
    temp,
    home,
    github: { ...github, event_path: eventPath, job: job.id, workspace },
    runner: {
      arch: process.arch === 'arm64' ? 'ARM64' : 'X64',
      environment: 'self-hosted',
      name: os.hostname(),
      os: process.platform === 'darwin' ? 'macOS' : 'Linux',
      temp,
      tool_cache: tools,
    },
  }
}

export interface StepRecord {
  readonly outputs: Readonly<Record<string, string>>
  readonly outcome: string
  readonly conclusion: string
}

/** The surroundings of a list of steps: a job, or a composite action with its own inputs and steps. */
export interface Frame {
  readonly job: JobRun
  /** The index of the job's step to which logs and events belong, also inside nested actions. */
  step: number
  readonly kind: 'job' | 'composite'
  readonly depth: number
  readonly inputs: Readonly<Record<string, ContextValue>>
  readonly github: Readonly<Record<string, ContextValue>>
  /** `env` of the step that called the action. It overrides the job's. */
  readonly callerEnv: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  status: JobStatus
  steps: Readonly<Record<string, StepRecord>>
}

function environmentOf(frame: Frame, stepEnv: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...frame.job.env, ...frame.callerEnv, ...stepEnv }
}

/** A composite action sees no secrets, vars or needs. Its caller may pass them as inputs. */
export function scopeOf(frame: Frame, stepEnv: Readonly<Record<string, string>> = {}): Scope {
  const { job } = frame
  const own =
    frame.kind === 'job' ? { vars: { ...job.vars }, secrets: { ...job.request.secrets }, needs: job.needs } : {}
  return {
    contexts: {
      ...own,
      github: frame.github,
      inputs: frame.inputs,
      env: environmentOf(frame, stepEnv),
      steps: Object.fromEntries(Object.entries(frame.steps).map(([id, record]) => [id, { ...record }])),
      job: { status: job.status },
      runner: job.runner,
      strategy: job.strategy,
      matrix: job.matrix,
    },
  }
}

export function withStatus(scope: Scope, frame: Frame): Scope {
  const status: StatusFunctions = {
    success: () => frame.status === 'success',
    failure: () => frame.status === 'failure',
    cancelled: () => frame.job.status === 'cancelled',
  }
  return { ...scope, status }
}

/** A step's environment. It inherits nothing, so that the sandbox's token and secrets never reach a step. */
export function processEnvironment(frame: Frame, stepEnv: Readonly<Record<string, string>>): Record<string, string> {
  const { job } = frame
  return {
    LANG: 'C.UTF-8',
    ...environmentOf(frame, stepEnv),
    HOME: job.home,
    PATH: [...job.path, process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'].join(':'),
    ...githubVariables(frame.github),
    ...(job.idTokens === undefined
      ? {}
      : { ACTIONS_ID_TOKEN_REQUEST_URL: job.idTokens.url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: job.idTokens.token }),
    ...Object.fromEntries(Object.entries(job.runner).map(([key, value]) => [`RUNNER_${key.toUpperCase()}`, value])),
  }
}

export function log(frame: Frame, text: string) {
  for (const line of frame.job.mask.hide(text).split('\n')) {
    frame.job.observe({ type: 'log', job: frame.job.id, step: frame.step, line })
  }
}

/** The GITHUB_* variables of a step: the texts of the `github` context, except the token. */
function githubVariables(context: Readonly<Record<string, ContextValue>>): Record<string, string> {
  const variables: Record<string, string> = { CI: 'true', GITHUB_ACTIONS: 'true' }
  for (const [key, value] of Object.entries(context)) {
    if (typeof value === 'string' && key !== 'token') variables[`GITHUB_${key.toUpperCase()}`] = value
  }
  return variables
}
