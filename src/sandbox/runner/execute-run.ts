import { readCalledWorkflows } from '~/sandbox/runner/called-workflows'
import { resolveInputs } from '~/sandbox/runner/dispatch-inputs'
import type { ContextValue } from '~/sandbox/runner/expressions'
import { createMask } from '~/sandbox/runner/mask'
import { refusedLocalActions, unsupportedInCalled, unsupportedInWorkflow } from '~/sandbox/runner/refuse-unsupported'
import { planJobs, runJobs } from '~/sandbox/runner/run-jobs'
import type { Conclusion, RunEvent, RunRequest, UnsupportedConstruct } from '~/sandbox/runner/types'
import { displayTitle, type RunPlan, readWorkflowFile, type WorkflowFile } from '~/sandbox/runner/workflow-files'

type Planning =
  | { readonly plan: RunPlan }
  /** GitHub's own errors. The answer to the dispatch is 422. */
  | { readonly errors: readonly string[] }
  /** Constructs that GitHub can run and this runner cannot. */
  | { readonly unsupported: readonly UnsupportedConstruct[] }

/** Checks a whole run before any step starts: the file, the trigger, the inputs and every construct. */
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
  const unsupported = await unsupportedIn(request, [workflow])
  if (unsupported.length > 0) return { unsupported }
  const calls = await readCalledWorkflows(request, workflow)
  const [called, startupFailure] =
    'errors' in calls ? [new Map<string, WorkflowFile>(), calls.errors] : [calls.called, []]
  const refused = [
    ...[...called.values()].flatMap(unsupportedInCalled),
    ...(await unsupportedIn(request, [...called.values()])),
  ]
  if (refused.length > 0) return { unsupported: refused }
  try {
    const github = githubContext(request, workflow.name, resolved.inputs)
    const inputs = inputsContext(declared, resolved.inputs)
    const contexts = { github, inputs, vars: { ...request.vars.repository } }
    const jobs = startupFailure.length > 0 ? [] : planJobs(workflow, { contexts })
    const title = displayTitle(workflow, contexts)
    return { plan: { workflow, github, inputs, called, startupFailure, displayTitle: title, jobs } }
  } catch (error) {
    return { errors: [error instanceof Error ? error.message : String(error)] }
  }
}

/**
 * Executes one attempt of a run and reports its events in order. Aborting `signal` cancels the run as on GitHub. The promise
 * settles when every process has ended. Throws if `planRun` refuses the request.
 */
export async function executeRun(
  request: RunRequest,
  observe: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<Conclusion> {
  const planning = await planRun(request)
  if (!('plan' in planning)) throw new Error(`${request.workflowPath} cannot run: ${refusal(planning)}`)
  const { plan } = planning
  if (plan.startupFailure.length > 0) throw new Error(plan.startupFailure.join('; '))
  const mask = createMask(Object.values(request.secrets))
  observe({ type: 'run-started', displayTitle: plan.displayTitle, jobs: plan.jobs })
  const { conclusion } = await runJobs({ request, plan, mask, observe, signal, caller: undefined }, plan.jobs)
  observe({ type: 'run-completed', conclusion })
  return conclusion
}

async function unsupportedIn(request: RunRequest, workflows: readonly WorkflowFile[]) {
  const found = await Promise.all(
    workflows.map(async ({ root }) => [...unsupportedInWorkflow(root), ...(await refusedLocalActions(request, root))]),
  )
  return found.flat()
}

function refusal(planning: Exclude<Planning, { readonly plan: RunPlan }>): string {
  if ('errors' in planning) return planning.errors.join('; ')
  return planning.unsupported.map(({ construct, place }) => `${construct} (${place}) is not supported`).join('; ')
}

/** The `github` context of a run, without its job's part. https://docs.github.com/actions/reference/contexts-reference */
function githubContext(
  request: RunRequest,
  workflowName: string,
  inputs: Readonly<Record<string, string>>,
): Readonly<Record<string, ContextValue>> {
  const { owner, name } = request.repository
  const repository = `${owner}/${name}`
  const refType = request.refType ?? 'branch'
  const ref = `refs/${refType === 'tag' ? 'tags' : 'heads'}/${request.refName}`
  return {
    actor: request.actor,
    api_url: request.apiUrl,
    base_ref: '',
    event: {
      inputs: { ...inputs },
      ref,
      repository: { name, full_name: repository, owner: { login: owner } },
      sender: { login: request.actor },
      workflow: request.workflowPath,
    },
    event_name: request.event.name,
    graphql_url: `${request.apiUrl}/graphql`,
    head_ref: '',
    ref,
    ref_name: request.refName,
    ref_type: refType,
    repository,
    repository_owner: owner,
    run_attempt: String(request.runAttempt),
    run_id: String(request.runId),
    run_number: String(request.runNumber),
    server_url: request.serverUrl,
    sha: request.sha,
    token: request.secrets['GITHUB_TOKEN'] ?? '',
    triggering_actor: request.actor,
    workflow: workflowName,
    workflow_ref: `${repository}/${request.workflowPath}@${ref}`,
    workflow_sha: request.sha,
  }
}

/** As on GitHub, `inputs` has the declared types, while `github.event.inputs` is all text. */
function inputsContext(
  declared: readonly { readonly name: string; readonly type: string }[],
  inputs: Readonly<Record<string, string>>,
): Readonly<Record<string, ContextValue>> {
  return Object.fromEntries(
    declared.map(({ name, type }) => {
      const value = inputs[name] ?? ''
      return [name, type === 'boolean' ? value === 'true' : type === 'number' && value !== '' ? Number(value) : value]
    }),
  )
}
