import path from 'node:path'
import { type CompositeAction, readActionFile, readActionText } from '~/sandbox/runner/action-file'
import { textOf, textsOf } from '~/sandbox/runner/expressions'
import { type Frame, log, scopeOf } from '~/sandbox/runner/frame'
import { runCheckout } from '~/sandbox/runner/run-checkout'
import type { StepResult } from '~/sandbox/runner/run-shell'
import type { StepDefinition, UsesWork } from '~/sandbox/runner/step-definition'

/** GitHub's own limit. */
const deepestNesting = 10

export type RunSteps = (frame: Frame, steps: readonly StepDefinition[]) => Promise<void>

/** Runs a `uses` step: the built-in checkout, or a composite action of the checked-out repository. */
export async function runAction(
  frame: Frame,
  work: UsesWork,
  stepEnv: Readonly<Record<string, string>>,
  signal: AbortSignal,
  runSteps: RunSteps,
): Promise<StepResult> {
  const given = textsOf(work.with, scopeOf(frame, stepEnv))
  logHeader(frame, work.uses, given)
  if (work.uses.startsWith('actions/checkout@')) return await runCheckout(frame, given, signal)
  if (frame.depth >= deepestNesting) throw new Error(`Actions nest deeper than ${deepestNesting} at ${work.uses}.`)

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
  await runSteps(inner, action.steps)
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
  // GitHub only warns about either, so a stricter runner would refuse what works there.
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
