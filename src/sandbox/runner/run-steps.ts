import { isTrue, numberOf, textsOf, truthOf } from '~/sandbox/runner/expressions'
import { type Frame, log, type StepRecord, scopeOf, withStatus } from '~/sandbox/runner/frame'
import { runAction } from '~/sandbox/runner/run-action'
import { runShell, type StepResult } from '~/sandbox/runner/run-shell'
import type { StepDefinition } from '~/sandbox/runner/step-definition'
import { type StepLimit, stepLimit } from '~/sandbox/runner/step-limit'
import type { Conclusion } from '~/sandbox/runner/types'

export interface RunDefaults {
  readonly shell: string
  readonly workingDirectory: string
}

const noDefaults: RunDefaults = { shell: '', workingDirectory: '' }

/** Runs the steps of a composite action, in order; how they went is left in the frame. */
async function runSteps(frame: Frame, steps: readonly StepDefinition[]): Promise<void> {
  for (const step of steps) await runStep(frame, step, noDefaults)
}

/**
 * Runs one step and records it. Like GitHub's runner, in this order: `env`, `if`, the work, then `continue-on-error`.
 * Whatever goes wrong in a step is that step's failure, never the runner's.
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
    if (!wanted()) return record(frame, step, { outputs: {}, outcome: 'skipped', conclusion: 'skipped' })
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
  return record(frame, step, { outputs: result.outputs, outcome, conclusion })
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
    : runAction(frame, step.work, env, signal, runSteps)
}

function continuesOnError(frame: Frame, step: StepDefinition, env: Readonly<Record<string, string>>): boolean {
  try {
    return truthOf(step.continueOnError, scopeOf(frame, env))
  } catch (error) {
    log(frame, `##[error]continue-on-error: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

function record(
  frame: Frame,
  step: StepDefinition,
  entry: StepRecord & { readonly conclusion: Conclusion },
): Conclusion {
  if (step.id !== undefined) frame.steps = { ...frame.steps, [step.id]: entry }
  return entry.conclusion
}
