import type { ContextValue, Scope, StatusFunctions } from '~/sandbox/runner/expressions'
import { githubVariables } from '~/sandbox/runner/github-context'
import type { JobRun, JobStatus } from '~/sandbox/runner/job-run'

export interface StepRecord {
  readonly outputs: Readonly<Record<string, string>>
  readonly outcome: string
  readonly conclusion: string
}

/** Where a list of steps runs: directly in a job, or inside a composite action that has inputs and steps of its own. */
export interface Frame {
  readonly job: JobRun
  /** Index of the job's step that logs and events belong to, however deep the actions nest. */
  step: number
  readonly kind: 'job' | 'composite'
  readonly depth: number
  readonly inputs: Readonly<Record<string, ContextValue>>
  readonly github: Readonly<Record<string, ContextValue>>
  /** `env` of the step that called the action, over the job's. */
  readonly callerEnv: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  status: JobStatus
  steps: Readonly<Record<string, StepRecord>>
}

function environmentOf(frame: Frame, stepEnv: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...frame.job.env, ...frame.callerEnv, ...stepEnv }
}

/** A composite action sees neither secrets nor vars nor needs, unless its caller hands them over as inputs. */
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
      strategy: { 'fail-fast': true, 'job-index': 0, 'job-total': 1, 'max-parallel': 1 },
      matrix: null,
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

/** The environment of a process, built from nothing: the sandbox's own variables (its token, its secrets) never reach a step. */
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
