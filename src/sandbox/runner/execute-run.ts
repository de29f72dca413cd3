import { resolveInputs } from '~/sandbox/runner/dispatch-inputs'
import { type ContextValue, isTrue, textOf, truthOf } from '~/sandbox/runner/expressions'
import { createMask } from '~/sandbox/runner/mask'
import { refusedLocalActions, unsupportedInWorkflow } from '~/sandbox/runner/refuse-unsupported'
import { type JobDeps, type JobOutcome, runJob } from '~/sandbox/runner/run-job'
import type { Conclusion, RunEvent, RunRequest, UnsupportedConstruct } from '~/sandbox/runner/types'
import {
  displayTitle,
  type JobDefinition,
  type RunPlan,
  readWorkflowFile,
  type WorkflowFile,
} from '~/sandbox/runner/workflow-files'

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

interface FinishedJob extends JobOutcome {
  /** The result for later jobs: a failure with `continue-on-error` counts as a success. */
  readonly result: Conclusion
}

/** Runs each job as soon as the jobs it needs have ended. Independent jobs run in parallel. */
async function runJobs(deps: JobDeps): Promise<Conclusion> {
  const { jobs } = deps.plan.workflow
  const started = new Map<string, Promise<FinishedJob>>()
  const finished = new Map<string, FinishedJob>()
  const start = (definition: JobDefinition): Promise<FinishedJob> => {
    const running = started.get(definition.id) ?? finish(definition)
    started.set(definition.id, running)
    return running
  }
  const finish = async (definition: JobDefinition): Promise<FinishedJob> => {
    await Promise.all(jobs.filter((job) => definition.needs.includes(job.id)).map(start))
    const outcome = await runWhenWanted(deps, definition, finished)
    const job = { ...outcome, result: forgiven(deps, definition, outcome) ? 'success' : outcome.conclusion } as const
    finished.set(definition.id, job)
    deps.observe({ type: 'job-completed', job: definition.id, conclusion: outcome.conclusion })
    return job
  }
  const results = (await Promise.all(jobs.map(start))).map(({ result }) => result)
  if (results.includes('failure')) return 'failure'
  return results.includes('cancelled') || deps.signal.aborted ? 'cancelled' : 'success'
}

async function runWhenWanted(
  deps: JobDeps,
  definition: JobDefinition,
  finished: ReadonlyMap<string, FinishedJob>,
): Promise<JobOutcome> {
  const needs = needsContext(definition, finished)
  const ancestors = ancestorsOf(definition, deps.plan.workflow.jobs).map((id) => finished.get(id)?.result)
  const contexts = {
    github: deps.plan.github,
    inputs: deps.plan.inputs,
    vars: { ...deps.request.vars.repository },
    needs,
  }
  // Status functions consider all ancestors: https://docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions#status-check-functions
  const status = {
    success: () => !deps.signal.aborted && ancestors.every((result) => result === 'success'),
    failure: () => ancestors.includes('failure'),
    cancelled: () => deps.signal.aborted,
  }
  const wanted = () => isTrue(definition.condition, { contexts, status })
  // On cancellation, GitHub evaluates the condition of a running job again. If the condition still holds, the job runs on.
  const cancellation = new AbortController()
  const cancel = () => {
    if (!wanted()) cancellation.abort()
  }
  try {
    if (wanted()) {
      deps.signal.addEventListener('abort', cancel, { once: true })
      return await runJob({ ...deps, signal: cancellation.signal }, definition, needs)
    }
    return { conclusion: deps.signal.aborted && definition.needs.length === 0 ? 'cancelled' : 'skipped', outputs: {} }
  } catch (error) {
    // The condition, the environment's name or the job's directories failed. No step has run.
    const message = error instanceof Error ? error.message : String(error)
    deps.observe({ type: 'job-started', job: definition.id, steps: ['Set up job'] })
    deps.observe({ type: 'step-started', job: definition.id, step: 0 })
    deps.observe({ type: 'log', job: definition.id, step: 0, line: deps.mask.hide(`##[error]${message}`) })
    deps.observe({ type: 'step-completed', job: definition.id, step: 0, conclusion: 'failure' })
    return { conclusion: 'failure', outputs: {} }
  } finally {
    deps.signal.removeEventListener('abort', cancel)
  }
}

function needsContext(
  definition: JobDefinition,
  finished: ReadonlyMap<string, FinishedJob>,
): Readonly<Record<string, ContextValue>> {
  return Object.fromEntries(
    definition.needs.map((id) => {
      const job = finished.get(id)
      return [id, { result: job?.result ?? 'skipped', outputs: { ...job?.outputs } }]
    }),
  )
}

function ancestorsOf(definition: JobDefinition, jobs: readonly JobDefinition[]): readonly string[] {
  const parents = jobs.filter((job) => definition.needs.includes(job.id))
  return [...new Set(parents.flatMap((parent) => [parent.id, ...ancestorsOf(parent, jobs)]))]
}

function forgiven(deps: JobDeps, definition: JobDefinition, { conclusion }: JobOutcome): boolean {
  if (conclusion !== 'failure') return false
  const contexts = { github: deps.plan.github, inputs: deps.plan.inputs, vars: { ...deps.request.vars.repository } }
  try {
    return truthOf(definition.continueOnError, { contexts })
  } catch {
    return false
  }
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
