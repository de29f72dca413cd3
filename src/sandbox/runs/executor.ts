import { executeRun, planRun } from '~/sandbox/runner/execute-run'
import { literalAt, textOf, tokenAt, truthOf } from '~/sandbox/runner/expressions'
import type { JobPlan, RunEvent, RunRequest } from '~/sandbox/runner/types'
import type { RunPlan } from '~/sandbox/runner/workflow-files'
import type { Concurrency } from '~/sandbox/runs/run-record'

/** A run before its first step. */
export interface PlannedRun {
  readonly workflowName: string
  readonly displayTitle: string
  readonly jobs: readonly JobPlan[]
  /** The given inputs, with the workflow's defaults. */
  readonly inputs: Readonly<Record<string, string>>
  readonly concurrency: Concurrency | null
  /** Why the run ends before it has jobs; empty if it can start. */
  readonly startupFailure: readonly string[]
}

/** The runner, as an argument of the queue: tests can pass another one. */
export interface Executor {
  /** The plan, or GitHub's reasons for a 422. */
  readonly plan: (
    request: RunRequest,
  ) => Promise<{ readonly planned: PlannedRun } | { readonly errors: readonly string[] }>
  readonly execute: (request: RunRequest, observe: (event: RunEvent) => void, signal: AbortSignal) => Promise<void>
}

/** `concurrency:` of the workflow, a text or a mapping, with the contexts that GitHub documents for it. */
const concurrencyOf = (request: RunRequest, { workflow, github, inputs }: RunPlan): Concurrency | null => {
  const token = tokenAt(workflow.root, 'concurrency')
  const scope = { contexts: { github, inputs, vars: { ...request.vars.repository } } }
  const group = textOf(tokenAt(token, 'group') ?? token, scope)
  const cancelInProgress = truthOf(tokenAt(token, 'cancel-in-progress'), scope)
  return group === ''
    ? null
    : { group, cancelInProgress, queue: literalAt(token, 'queue') === 'max' ? 'max' : 'single' }
}

const refusal = (planning: Exclude<Awaited<ReturnType<typeof planRun>>, { readonly plan: RunPlan }>): string[] =>
  'errors' in planning
    ? [...planning.errors]
    : planning.unsupported.map(({ construct, place }) => `The sandbox cannot run ${construct} (${place})`)

/** The real runner, with GitHub's parser and evaluator and steps in bash. */
export const runnerExecutor: Executor = {
  plan: async (request) => {
    const planning = await planRun(request)
    if (!('plan' in planning)) return { errors: refusal(planning) }
    const { plan } = planning
    const inputs = Object.fromEntries(Object.entries(plan.inputs).map(([name, value]) => [name, String(value ?? '')]))
    const concurrency = concurrencyOf(request, plan)
    return {
      planned: {
        workflowName: plan.workflow.name,
        displayTitle: plan.displayTitle,
        jobs: plan.jobs,
        inputs,
        concurrency,
        startupFailure: plan.startupFailure,
      },
    }
  },
  execute: async (request, observe, signal) => {
    await executeRun(request, observe, signal)
  },
}
