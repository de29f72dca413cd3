import path from 'node:path'
import type { ContextValue } from '~/sandbox/runner/expressions'
import { numberOf, textOf, textsOf, tokenAt } from '~/sandbox/runner/expressions'
import { type Frame, type JobRun, log, prepareJobPlaces, scopeOf } from '~/sandbox/runner/frame'
import type { Mask } from '~/sandbox/runner/mask'
import { endGroups } from '~/sandbox/runner/run-process'
import { type RunDefaults, runStep } from '~/sandbox/runner/run-steps'
import { stepName } from '~/sandbox/runner/step-definition'
import type { Conclusion, JobClaims, RunEvent, RunRequest } from '~/sandbox/runner/types'
import type { JobDefinition, RunPlan } from '~/sandbox/runner/workflow-files'

export interface JobOutcome {
  readonly conclusion: Conclusion
  readonly outputs: Readonly<Record<string, string>>
}

export interface JobDeps {
  readonly request: RunRequest
  readonly plan: RunPlan
  readonly mask: Mask
  readonly observe: (event: RunEvent) => void
  readonly signal: AbortSignal
  /** The job that calls the workflow. Its permissions bound those of the workflow's jobs. */
  readonly caller: { readonly key: string; readonly name: string; readonly mayHaveIdToken: boolean } | undefined
}

/** A job that is about to run: a job of a workflow file, or one leg of its matrix. */
export interface JobInstance {
  readonly definition: JobDefinition
  /** Unique in the run (see `JobPlan`). */
  readonly key: string
  readonly name: string
  /** The `strategy` and `matrix` contexts. `undefined` without a strategy. */
  readonly leg:
    | {
        readonly strategy: Readonly<Record<string, ContextValue>>
        readonly matrix: Readonly<Record<string, ContextValue>>
      }
    | undefined
  readonly needs: Readonly<Record<string, ContextValue>>
}

/** GitHub's time limits: for a job, and for steps with `always()` after a cancellation. */
const jobMinutes = 360
const cleanupMinutes = 5

/** Runs one job whose `if` and environment allow it: set-up, steps, outputs. */
export async function runJob(deps: JobDeps, instance: JobInstance, environment: string): Promise<JobOutcome> {
  const { request, plan, mask, observe } = deps
  const { definition, key, leg, needs } = instance
  const cancellation = new AbortController()
  const deadline = new AbortController()
  const places = await prepareJobPlaces(request, { key, id: definition.id }, plan.github)
  const bound = deps.caller?.mayHaveIdToken
  const mayHaveIdToken = (definition.mayHaveIdToken ?? bound ?? false) && (bound ?? true)
  const idTokens = mayHaveIdToken
    ? request.grantIdTokens?.(claimsOf(places, plan.workflow.path, environment))
    : undefined
  if (idTokens !== undefined) mask.add(idTokens.token)
  const job: JobRun = {
    ...places,
    id: key,
    request,
    inputs: plan.inputs,
    vars: { ...request.vars.repository, ...request.vars.environments[environment] },
    idTokens,
    needs,
    strategy: leg?.strategy ?? { 'fail-fast': true, 'job-index': 0, 'job-total': 1, 'max-parallel': 1 },
    matrix: leg?.matrix ?? null,
    mask,
    observe,
    signal: cancellation.signal,
    deadline: deadline.signal,
    groups: new Set(),
    status: 'success',
    env: {},
    path: [],
  }
  const frame: Frame = {
    job,
    step: 0,
    kind: 'job',
    depth: 0,
    inputs: plan.inputs,
    github: places.github,
    callerEnv: {},
    signal: cancellation.signal,
    status: 'success',
    steps: {},
  }
  let cleanupTimer: NodeJS.Timeout | undefined
  const cancel = () => {
    // The status changes first, because the abort makes the running step evaluate its `if` again.
    job.status = 'cancelled'
    frame.status = 'cancelled'
    cleanupTimer ??= setTimeout(() => deadline.abort(), cleanupMinutes * 60_000)
    cancellation.abort()
  }
  let jobTimer: NodeJS.Timeout | undefined
  deps.signal.addEventListener('abort', cancel, { once: true })
  if (deps.signal.aborted) cancel()

  const names = definition.steps.map((step) => mask.hide(stepName(step, scopeOf(frame))))
  observe({ type: 'job-started', job: job.id, steps: ['Set up job', ...names, 'Complete job'] })
  try {
    const setup = setUp(deps, definition, frame)
    if (setup !== undefined) {
      jobTimer = setTimeout(cancel, setup.timeoutMinutes * 60_000)
      for (const [index, step] of definition.steps.entries()) {
        frame.step = index + 1
        const conclusion = await runStep(frame, step, setup.defaults, () => {
          observe({ type: 'step-started', job: job.id, step: frame.step })
          return request.beforeStep?.(names[index] ?? '', cancellation.signal)
        })
        if (job.status === 'success') job.status = frame.status
        observe({ type: 'step-completed', job: job.id, step: frame.step, conclusion })
      }
    }
    return completeJob(definition, frame)
  } finally {
    deps.signal.removeEventListener('abort', cancel)
    clearTimeout(jobTimer)
    clearTimeout(cleanupTimer)
    endGroups(job.groups)
    idTokens?.revoke()
  }
}

/** Evaluates the job's settings. As on GitHub, an error fails the job in "Set up job". */
function setUp(deps: JobDeps, definition: JobDefinition, frame: Frame) {
  const { job } = frame
  const { workflow } = deps.plan
  deps.observe({ type: 'step-started', job: job.id, step: 0 })
  const finish = (conclusion: Conclusion) => deps.observe({ type: 'step-completed', job: job.id, step: 0, conclusion })
  try {
    log(frame, `Runner name: '${job.runner['name']}' (${job.runner['os']} ${job.runner['arch']})`)
    log(frame, `Workflow: ${path.basename(workflow.path)} at ${deps.request.sha}`)
    job.env = textsOf(workflow.env, scopeOf(frame))
    job.env = { ...job.env, ...textsOf(definition.env, scopeOf(frame)) }
    const setting = (name: string) =>
      textOf(tokenAt(definition.defaults, name) ?? tokenAt(workflow.defaults, name), scopeOf(frame))
    const defaults: RunDefaults = { shell: setting('shell'), workingDirectory: setting('working-directory') }
    const timeoutMinutes = numberOf(definition.timeoutMinutes, scopeOf(frame)) ?? jobMinutes
    finish('success')
    return { defaults, timeoutMinutes }
  } catch (error) {
    log(frame, `##[error]${error instanceof Error ? error.message : String(error)}`)
    job.status = 'failure'
    finish('failure')
    return undefined
  }
}

/** Evaluates the job's outputs. An error fails the job even if all steps succeeded. */
function completeJob(definition: JobDefinition, frame: Frame): JobOutcome {
  const { job } = frame
  frame.step = definition.steps.length + 1
  job.observe({ type: 'step-started', job: job.id, step: frame.step })
  const finish = (conclusion: Conclusion) =>
    job.observe({ type: 'step-completed', job: job.id, step: frame.step, conclusion })
  try {
    const outputs = jobOutputs(definition, frame)
    finish('success')
    return { conclusion: job.status, outputs }
  } catch (error) {
    log(frame, `##[error]${error instanceof Error ? error.message : String(error)}`)
    finish('failure')
    return { conclusion: 'failure', outputs: {} }
  }
}

/** The name of the job's `environment`, or an empty text. Its variables override the repository's. */
export function environmentName({ request, plan }: JobDeps, { definition, needs, leg }: JobInstance): string {
  const { github, inputs } = plan
  const vars = { ...request.vars.repository }
  const contexts = { github, inputs, vars, needs, strategy: leg?.strategy ?? null, matrix: leg?.matrix ?? null }
  return textOf(tokenAt(definition.environment, 'name') ?? definition.environment, { contexts })
}

/** The members of the `github` context that are claims of a token too. */
const CLAIMED = [
  ...[
    'actor',
    'base_ref',
    'event_name',
    'head_ref',
    'ref',
    'ref_type',
    'repository',
    'repository_owner',
    'run_attempt',
  ],
  ...['run_id', 'run_number', 'sha', 'workflow', 'workflow_ref', 'workflow_sha'],
]

/** `path` is the workflow file of the job: the run's own, or one that it calls. */
function claimsOf({ github, runner }: Pick<JobRun, 'github' | 'runner'>, path: string, environment: string): JobClaims {
  const text = (name: string) => String(github[name] ?? '')
  return {
    ...Object.fromEntries(CLAIMED.map((name) => [name, text(name)])),
    job_workflow_ref: `${text('repository')}/${path}@${text('ref')}`,
    job_workflow_sha: text('workflow_sha'),
    runner_environment: runner['environment'] ?? '',
    ...(environment === '' ? {} : { environment }),
  }
}

/** As on GitHub, an output that contains a secret is dropped. */
function jobOutputs(definition: JobDefinition, frame: Frame): Readonly<Record<string, string>> {
  const outputs: Record<string, string> = {}
  for (const { key, value } of definition.outputs ?? []) {
    const name = textOf(key, scopeOf(frame))
    const text = textOf(value, scopeOf(frame))
    if (frame.job.mask.hide(text) === text) outputs[name] = text
    else log(frame, `##[warning]Skip output '${name}' since it may contain secret.`)
  }
  return outputs
}
