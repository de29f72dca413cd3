import path from 'node:path'
import { isTrue, numberOf, textOf, textsOf, truthOf } from '~/sandbox/runner/expressions'
import { type Frame, log, type StepRecord, scopeOf, withStatus } from '~/sandbox/runner/frame'
import { runCheckout } from '~/sandbox/runner/run-checkout'
import { runShell, type StepResult } from '~/sandbox/runner/run-shell'
import type { StepDefinition, UsesWork } from '~/sandbox/runner/step-definition'
import type { Conclusion } from '~/sandbox/runner/types'
import { type CompositeAction, readActionFile, readActionText } from '~/sandbox/runner/workflow-files'

export interface RunDefaults {
  readonly shell: string
  readonly workingDirectory: string
}

const noDefaults: RunDefaults = { shell: '', workingDirectory: '' }

/**
 * Runs one step and records its result. Evaluates in the order of GitHub's runner: `env`, `if`, the work, `continue-on-error`.
 * An error fails the step, never the runner.
 */
export async function runStep(
  frame: Frame,
  step: StepDefinition,
  defaults: RunDefaults,
  onStart: () => void | Promise<void> = () => undefined,
): Promise<Conclusion> {
  let env: Record<string, string> = {}
  let result: StepResult = { succeeded: false, outputs: {} }
  let limit: StepLimit | undefined
  let started = false
  try {
    env = textsOf(step.env, scopeOf(frame))
    const wanted = () => isTrue(step.condition, withStatus(scopeOf(frame, env), frame))
    if (!wanted()) return recordStep(frame, step, { outputs: {}, outcome: 'skipped', conclusion: 'skipped' })
    const minutes = numberOf(step.timeoutMinutes, scopeOf(frame, env))
    started = true
    await onStart()
    limit = stepLimit(frame, wanted, minutes)
    result = await work(frame, step, defaults, env, limit.signal)
  } catch (error) {
    if (!started) await onStart()
    if (!limit?.signal.aborted) log(frame, `##[error]${error instanceof Error ? error.message : String(error)}`)
  } finally {
    limit?.end()
  }

  const outcome = limit?.ending() ?? (result.succeeded ? 'success' : 'failure')
  if (limit?.ending() === 'failure') log(frame, '##[error]The step has timed out.')
  if (outcome === 'cancelled') log(frame, '##[error]The operation was canceled.')
  const forgiven = outcome === 'failure' && continuesOnError(frame, step, env)
  const conclusion = forgiven ? 'success' : outcome
  if (conclusion === 'failure' && frame.status === 'success') frame.status = 'failure'
  if (conclusion === 'cancelled') frame.status = 'cancelled'
  return recordStep(frame, step, { outputs: result.outputs, outcome, conclusion })
}

function work(
  frame: Frame,
  step: StepDefinition,
  defaults: RunDefaults,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<StepResult> {
  return step.work.kind === 'run'
    ? runShell(frame, step.work, defaults, env, signal)
    : runAction(frame, step.work, env, signal)
}

function continuesOnError(frame: Frame, step: StepDefinition, env: Readonly<Record<string, string>>): boolean {
  try {
    return truthOf(step.continueOnError, scopeOf(frame, env))
  } catch (error) {
    log(frame, `##[error]continue-on-error: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

function recordStep(
  frame: Frame,
  step: StepDefinition,
  entry: StepRecord & { readonly conclusion: Conclusion },
): Conclusion {
  if (step.id !== undefined) frame.steps = { ...frame.steps, [step.id]: entry }
  return entry.conclusion
}

/** GitHub's limit. */
const deepestNesting = 10

/** Runs a `uses` step: the built-in checkout, or a composite action of the repository. */
async function runAction(
  frame: Frame,
  work: UsesWork,
  stepEnv: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<StepResult> {
  const given = textsOf(work.with, scopeOf(frame, stepEnv))
  logHeader(frame, work.uses, given)
  if (work.uses.startsWith('actions/checkout@')) return await runCheckout(frame, given, signal)
  if (frame.depth >= deepestNesting) throw new Error(`${work.uses} nests actions deeper than ${deepestNesting} levels.`)

  const directory = path.resolve(frame.job.workspace, work.uses)
  const action = await loadAction(frame, work.uses, directory)
  const inner: Frame = {
    ...frame,
    kind: 'composite',
    depth: frame.depth + 1,
    github: { ...frame.github, action_path: directory },
    inputs: actionInputs(frame, work.uses, action, given),
    callerEnv: { ...frame.callerEnv, ...stepEnv },
    signal,
    status: 'success',
    steps: {},
  }
  for (const step of action.steps) await runStep(inner, step, noDefaults)
  const scope = scopeOf(inner)
  const outputs = Object.fromEntries(action.outputs.map(({ name, value }) => [name, textOf(value, scope)]))
  return { succeeded: inner.status === 'success', outputs }
}

async function loadAction(frame: Frame, uses: string, directory: string): Promise<CompositeAction> {
  const { workspace } = frame.job
  const text = `${directory}${path.sep}`.startsWith(workspace + path.sep) ? await readActionText(directory) : undefined
  if (text === undefined) {
    throw new Error(
      `Can't find 'action.yml' or 'action.yaml' under '${directory}'. Did you forget to run actions/checkout before running your local action?`,
    )
  }
  const reading = readActionFile(`${uses}/action.yml`, text)
  if ('errors' in reading) throw new Error(reading.errors.join('\n'))
  if ('using' in reading) throw new Error(`${uses} runs with '${reading.using}'; only composite actions can run here.`)
  return reading.action
}

function actionInputs(frame: Frame, uses: string, action: CompositeAction, given: Readonly<Record<string, string>>) {
  const known = new Set(action.inputs.map(({ name }) => name))
  const unexpected = Object.keys(given).filter((name) => !known.has(name))
  // GitHub only warns about unexpected and missing inputs.
  if (unexpected.length > 0) {
    log(
      frame,
      `##[warning]Unexpected input(s) '${unexpected.join("', '")}', valid inputs are ['${[...known].join("', '")}']`,
    )
  }
  return Object.fromEntries(
    action.inputs.map((input) => {
      if (input.required && given[input.name] === undefined) {
        log(frame, `##[warning]${uses} requires the input '${input.name}', which is not supplied.`)
      }
      return [input.name, given[input.name] ?? textOf(input.default, scopeOf(frame))]
    }),
  )
}

function logHeader(frame: Frame, uses: string, inputs: Readonly<Record<string, string>>) {
  log(frame, `##[group]Run ${uses}`)
  if (Object.keys(inputs).length > 0) log(frame, 'with:')
  for (const [name, value] of Object.entries(inputs)) log(frame, `  ${name}: ${value}`)
  log(frame, '##[endgroup]')
}

interface StepLimit {
  readonly signal: AbortSignal
  /** Why the step was ended early: `failure` after a timeout, `cancelled` after a cancellation. */
  readonly ending: () => 'failure' | 'cancelled' | undefined
  readonly end: () => void
}

/**
 * Ends a running step early, after its timeout or a cancellation. On cancellation, GitHub's runner evaluates the step's `if`
 * again: a step with `always()` or `cancelled()` runs on until the job's deadline.
 */
function stepLimit(frame: Frame, wanted: () => boolean, minutes: number | undefined): StepLimit {
  const controller = new AbortController()
  let reason: 'failure' | 'cancelled' | undefined
  const end = (why: 'failure' | 'cancelled') => {
    reason ??= why
    controller.abort()
  }
  const cancel = () => {
    if (frame.kind === 'composite' || !isWanted(wanted)) end('cancelled')
  }
  const kill = () => end('cancelled')
  const timer = minutes === undefined ? undefined : setTimeout(() => end('failure'), minutes * 60_000)
  // A step whose condition allows it to start after a cancellation runs on. Only the deadline ends such a step.
  if (frame.signal.aborted) cancel()
  else frame.signal.addEventListener('abort', cancel, { once: true })
  if (frame.job.deadline.aborted) kill()
  else frame.job.deadline.addEventListener('abort', kill, { once: true })
  return {
    signal: controller.signal,
    ending: () => reason,
    end: () => {
      clearTimeout(timer)
      frame.signal.removeEventListener('abort', cancel)
      frame.job.deadline.removeEventListener('abort', kill)
    },
  }
}

function isWanted(wanted: () => boolean): boolean {
  try {
    return wanted()
  } catch {
    return false
  }
}
