import { executeRun, planRun } from '~/sandbox/runner/execute-run'
import { literalAt, textOf, tokenAt } from '~/sandbox/runner/expressions'
import type { JobPlan, RunEvent, RunRequest } from '~/sandbox/runner/types'
import type { RunPlan } from '~/sandbox/runner/workflow-files'

/** What is known of a run before anything of it runs. */
export interface PlannedRun {
  readonly workflowName: string
  readonly displayTitle: string
  readonly jobs: readonly JobPlan[]
  /** Given inputs with the workflow's defaults filled in. */
  readonly inputs: Readonly<Record<string, string>>
  readonly concurrency: { readonly group: string; readonly cancelInProgress: boolean } | null
}

/** The runner as the sandbox sees it; an argument, so that queue and store know nothing of how steps run. */
export interface Executor {
  /** The plan, or GitHub's reasons why such a run cannot be (they become a 422). */
  readonly plan: (
    request: RunRequest,
  ) => Promise<{ readonly planned: PlannedRun } | { readonly errors: readonly string[] }>
  readonly execute: (request: RunRequest, observe: (event: RunEvent) => void, signal: AbortSignal) => Promise<void>
}

/** `concurrency:` of the workflow, as a text or a mapping. The contexts are those GitHub documents for it. */
const concurrencyOf = (request: RunRequest, { workflow, github, inputs }: RunPlan): PlannedRun['concurrency'] => {
  const token = tokenAt(workflow.root, 'concurrency')
  const contexts = { github, inputs, vars: { ...request.vars.repository } }
  const group = textOf(tokenAt(token, 'group') ?? token, { contexts })
  return group === '' ? null : { group, cancelInProgress: literalAt(token, 'cancel-in-progress') === 'true' }
}

const refusal = (planning: Exclude<Awaited<ReturnType<typeof planRun>>, { readonly plan: RunPlan }>): string[] =>
  'errors' in planning
    ? [...planning.errors]
    : planning.unsupported.map(({ construct, place }) => `The sandbox cannot run ${construct} (${place})`)

/** The real runner: GitHub's parser and evaluator, steps in bash. */
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
      },
    }
  },
  execute: async (request, observe, signal) => {
    await executeRun(request, observe, signal)
  },
}
