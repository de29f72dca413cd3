import { executeRun, planRun } from '~/sandbox/runner/execute-run'
import { literalAt, textOf, tokenAt } from '~/sandbox/runner/expressions'
import type { RunPlan } from '~/sandbox/runner/run-plan'
import type { RunRequest } from '~/sandbox/runner/types'
import type { Executor, PlannedRun } from '~/sandbox/runs/executor'

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
