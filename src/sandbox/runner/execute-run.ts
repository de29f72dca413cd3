import { resolveInputs } from '~/sandbox/runner/dispatch-inputs'
import { textOf } from '~/sandbox/runner/expressions'
import { githubContext, inputsContext } from '~/sandbox/runner/github-context'
import { createMask } from '~/sandbox/runner/mask'
import { refusedLocalActions } from '~/sandbox/runner/refuse-local-actions'
import { unsupportedInWorkflow } from '~/sandbox/runner/refuse-unsupported'
import { runJobs } from '~/sandbox/runner/run-jobs'
import type { RunPlan } from '~/sandbox/runner/run-plan'
import type { Conclusion, RunEvent, RunRequest, UnsupportedConstruct } from '~/sandbox/runner/types'
import { displayTitle, readWorkflowFile, type WorkflowFile } from '~/sandbox/runner/workflow-file'

export type Planning =
  | { readonly plan: RunPlan }
  /** What GitHub itself would object to, in its words: the answer to a dispatch is 422. */
  | { readonly errors: readonly string[] }
  /** What GitHub could run and this runner cannot. */
  | { readonly unsupported: readonly UnsupportedConstruct[] }

/** Checks a whole run before anything of it starts: the file, the trigger, the inputs, and that every construct can be run. */
export async function planRun(request: RunRequest): Promise<Planning> {
  const reading = await readWorkflowFile(request.workflowPath, request.workflowText)
  if ('errors' in reading) return reading
  const { workflow } = reading
  if (!workflow.events.includes(request.event.name)) {
    return { errors: [`Workflow does not have '${request.event.name}' trigger`] }
  }
  const declared = request.event.name === 'workflow_dispatch' ? (workflow.inputs ?? []) : []
  const resolved = resolveInputs(declared, request.event.inputs)
  if ('errors' in resolved) return resolved
  const unsupported = [...unsupportedInWorkflow(workflow.root), ...(await refusedLocalActions(request, workflow.root))]
  if (unsupported.length > 0) return { unsupported }
  try {
    const github = githubContext(request, workflow.name, resolved.inputs)
    return { plan: describeRun(request, workflow, github, inputsContext(declared, resolved.inputs)) }
  } catch (error) {
    return { errors: [error instanceof Error ? error.message : String(error)] }
  }
}

/**
 * Executes one attempt of a run and reports everything that happens, in order. Aborting `signal` cancels it the way
 * GitHub does; the promise settles when every process is gone. A request that `planRun` refuses is thrown back.
 */
export async function executeRun(
  request: RunRequest,
  observe: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<Conclusion> {
  const planning = await planRun(request)
  if (!('plan' in planning)) throw new Error(`${request.workflowPath} cannot run: ${refusal(planning)}`)
  const { plan } = planning
  const mask = createMask(Object.values(request.secrets))
  observe({ type: 'run-started', displayTitle: plan.displayTitle, jobs: plan.jobs })
  const conclusion = await runJobs({ request, plan, mask, observe, signal })
  observe({ type: 'run-completed', conclusion })
  return conclusion
}

function describeRun(
  request: RunRequest,
  workflow: WorkflowFile,
  github: RunPlan['github'],
  inputs: RunPlan['inputs'],
): RunPlan {
  const contexts = { github, inputs, vars: { ...request.vars.repository } }
  return {
    workflow,
    github,
    inputs,
    displayTitle: displayTitle(workflow, contexts),
    jobs: workflow.jobs.map(({ id, name, needs }) => ({ id, name: textOf(name, { contexts }) || id, needs })),
  }
}

function refusal(planning: Exclude<Planning, { readonly plan: RunPlan }>): string {
  if ('errors' in planning) return planning.errors.join('; ')
  return planning.unsupported.map(({ construct, place }) => `${construct} (${place}) is not supported`).join('; ')
}
