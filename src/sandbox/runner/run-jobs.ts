import { calledInputs, calledSecrets } from '~/sandbox/runner/called-workflows'
import { type ContextValue, isTrue, type Scope, textOf, truthOf } from '~/sandbox/runner/expressions'
import { type Leg, legName, strategyOf } from '~/sandbox/runner/matrix'
import { environmentName, type JobDeps, type JobInstance, type JobOutcome, runJob } from '~/sandbox/runner/run-job'
import { evaluatedOrAsWritten } from '~/sandbox/runner/step-definition'
import type { Conclusion, JobPlan } from '~/sandbox/runner/types'
import type { CallDefinition, JobDefinition, RunPlan, WorkflowFile } from '~/sandbox/runner/workflow-files'

interface FinishedJob extends JobOutcome {
  /** The result for later jobs: a failure with `continue-on-error` counts as a success. */
  readonly result: Conclusion
}

interface FinishedJobs {
  readonly conclusion: Conclusion
  readonly jobs: ReadonlyMap<string, FinishedJob>
}

/** The jobs of a workflow before it starts. Names may still depend on what has not run yet. */
export function planJobs(workflow: WorkflowFile, scope: Scope, caller?: JobDeps['caller']): JobPlan[] {
  return workflow.jobs.map((definition) => {
    const key = (id: string) => (caller === undefined ? id : `${caller.key}.${id}`)
    return {
      id: key(definition.id),
      name: nameBelow(caller, evaluatedOrAsWritten(definition.name, scope) || definition.id),
      needs: definition.needs.map(key),
      expands: definition.strategy !== undefined || definition.calls !== undefined,
    }
  })
}

const nameBelow = (caller: JobDeps['caller'], name: string): string =>
  caller === undefined ? name : `${caller.name} / ${name}`

/** Runs each job of a workflow as soon as the jobs it needs have ended. Independent jobs run in parallel. */
export async function runJobs(deps: JobDeps, plans: readonly JobPlan[]): Promise<FinishedJobs> {
  const { jobs } = deps.plan.workflow
  const started = new Map<string, Promise<FinishedJob>>()
  const finished = new Map<string, FinishedJob>()
  const start = (definition: JobDefinition, index: number): Promise<FinishedJob> => {
    const running = started.get(definition.id) ?? finish(definition, plans[index] ?? unplanned(definition))
    started.set(definition.id, running)
    return running
  }
  const finish = async (definition: JobDefinition, { id: key, name }: JobPlan): Promise<FinishedJob> => {
    await Promise.all(
      jobs.map((job, index) => (definition.needs.includes(job.id) ? start(job, index) : Promise.resolve())),
    )
    const instance = { definition, key, name, leg: undefined, needs: needsContext(definition, finished) }
    const job = await runWhenWanted(deps, instance, finished)
    finished.set(definition.id, job)
    deps.observe({ type: 'job-completed', job: key, conclusion: job.conclusion })
    return job
  }
  const results = (await Promise.all(jobs.map(start))).map(({ result }) => result)
  return { jobs: finished, conclusion: conclusionOf(results, deps.signal) }
}

function conclusionOf(results: readonly Conclusion[], signal: AbortSignal): Conclusion {
  if (results.includes('failure')) return 'failure'
  return results.includes('cancelled') || signal.aborted ? 'cancelled' : 'success'
}

function unplanned(definition: JobDefinition): never {
  throw new Error(`The job ${definition.id} was not planned.`)
}

/** The contexts in which the keys of a job are evaluated, its steps aside. */
function scopeOfJob(deps: JobDeps, { needs, leg }: Pick<JobInstance, 'needs' | 'leg'>): Scope {
  const { github, inputs } = deps.plan
  const vars = { ...deps.request.vars.repository }
  return { contexts: { github, inputs, vars, needs, strategy: leg?.strategy ?? null, matrix: leg?.matrix ?? null } }
}

async function runWhenWanted(
  deps: JobDeps,
  instance: JobInstance,
  finished: ReadonlyMap<string, FinishedJob>,
): Promise<FinishedJob> {
  const { definition } = instance
  const ancestors = ancestorsOf(definition, deps.plan.workflow.jobs).map((id) => finished.get(id)?.result)
  // Status functions consider all ancestors: https://docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions#status-check-functions
  const status = {
    success: () => !deps.signal.aborted && ancestors.every((result) => result === 'success'),
    failure: () => ancestors.includes('failure'),
    cancelled: () => deps.signal.aborted,
  }
  const wanted = () => isTrue(definition.condition, { ...scopeOfJob(deps, instance), status })
  // On cancellation, GitHub evaluates the condition of a running job again. If the condition still holds, the job runs on.
  const cancellation = new AbortController()
  const cancel = () => {
    if (!wanted()) cancellation.abort()
  }
  try {
    if (wanted()) {
      deps.signal.addEventListener('abort', cancel, { once: true })
      return await runLegs({ ...deps, signal: cancellation.signal }, instance)
    }
    const conclusion = deps.signal.aborted && definition.needs.length === 0 ? 'cancelled' : 'skipped'
    return { conclusion, result: conclusion, outputs: {} }
  } catch (error) {
    // The condition or the strategy failed. No step has run.
    failUnstarted(deps, instance.key, error)
    return { conclusion: 'failure', result: 'failure', outputs: {} }
  } finally {
    deps.signal.removeEventListener('abort', cancel)
  }
}

/** Runs a job, or every leg of its matrix. The matrix fails if one leg does. Of several legs that set an output, the last one wins. */
async function runLegs(deps: JobDeps, instance: JobInstance): Promise<FinishedJob> {
  const { definition, key } = instance
  if (definition.strategy === undefined) return await runInstance(deps, instance)
  const { legs, failFast, maxParallel } = strategyOf(definition.strategy, scopeOfJob(deps, instance))
  const instances = legs.map((leg, index) => legInstance(deps, instance, leg, { index, legs, failFast, maxParallel }))
  const expands = definition.calls !== undefined
  const plans = instances.map((leg) => ({ id: leg.key, name: leg.name, needs: [], expands }))
  deps.observe({ type: 'job-expanded', job: key, jobs: plans })

  const cancellation = new AbortController()
  const signal = AbortSignal.any([deps.signal, cancellation.signal])
  const waiting = [...instances]
  const ended: FinishedJob[] = []
  const work = async (): Promise<void> => {
    for (let leg = waiting.shift(); leg !== undefined; leg = waiting.shift()) {
      const job = signal.aborted ? CANCELLED : await runInstance({ ...deps, signal }, leg)
      ended.push(job)
      deps.observe({ type: 'job-completed', job: leg.key, conclusion: job.conclusion })
      if (failFast && job.result === 'failure') cancellation.abort()
    }
  }
  await Promise.all(Array.from({ length: maxParallel }, work))
  const set = ended.flatMap(({ outputs }) => Object.entries(outputs).filter(([, value]) => value !== ''))
  const conclusion = conclusionOf(
    ended.map(({ result }) => result),
    deps.signal,
  )
  return { conclusion, result: conclusion, outputs: Object.fromEntries(set) }
}

const CANCELLED: FinishedJob = { conclusion: 'cancelled', result: 'cancelled', outputs: {} }

function legInstance(
  deps: JobDeps,
  instance: JobInstance,
  { matrix, title }: Leg,
  at: {
    readonly index: number
    readonly legs: readonly Leg[]
    readonly failFast: boolean
    readonly maxParallel: number
  },
): JobInstance {
  const strategy = {
    'fail-fast': at.failFast,
    'job-index': at.index,
    'job-total': at.legs.length,
    'max-parallel': at.maxParallel,
  }
  const { definition, key } = instance
  const leg = { strategy, matrix }
  const own = legName(definition.name, definition.id, { matrix, title }, scopeOfJob(deps, { ...instance, leg }))
  return { ...instance, leg, key: `${key}.${at.index}`, name: nameBelow(deps.caller, own) }
}

/** Runs one job that is no matrix any more: its steps, or the workflow that it calls. */
async function runInstance(deps: JobDeps, instance: JobInstance): Promise<FinishedJob> {
  const { definition } = instance
  const outcome = await (definition.calls === undefined
    ? runProtected(deps, instance)
    : runCall(deps, instance, definition.calls)
  ).catch((error: unknown): JobOutcome => {
    // The environment's name, the inputs of a call or the job's directories failed. No step has run.
    failUnstarted(deps, instance.key, error)
    return { conclusion: 'failure', outputs: {} }
  })
  const result = forgiven(deps, instance, outcome) ? 'success' : outcome.conclusion
  return { ...outcome, result }
}

/** Runs a job once the protection rules of its environment allow it. A rejected job fails without a step. */
async function runProtected(deps: JobDeps, instance: JobInstance): Promise<JobOutcome> {
  const environment = environmentName(deps, instance)
  const verdict = environment === '' ? undefined : deps.request.protect?.(instance.key, environment, deps.signal)
  if (verdict !== undefined) {
    deps.observe({ type: 'job-waiting', job: instance.key, environment })
    if ((await verdict) === 'rejected')
      return { conclusion: deps.signal.aborted ? 'cancelled' : 'failure', outputs: {} }
    deps.observe({ type: 'job-queued', job: instance.key })
  }
  return await runJob(deps, instance, environment)
}

/** https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows */
async function runCall(deps: JobDeps, instance: JobInstance, call: CallDefinition): Promise<JobOutcome> {
  const workflow = deps.plan.called.get(call.path)
  if (workflow === undefined) throw new Error(`${call.path} was not read before the run.`)
  const scope = scopeOfJob(deps, instance)
  const secrets = calledSecrets(call, deps.request.secrets, scope)
  for (const secret of Object.values(secrets)) deps.mask.add(secret)
  const plan: RunPlan = { ...deps.plan, workflow, inputs: calledInputs(workflow, call, scope) }
  const contexts = { github: plan.github, inputs: plan.inputs, vars: { ...deps.request.vars.repository } }
  const { key, name, definition } = instance
  const caller = { key, name, mayHaveIdToken: definition.mayHaveIdToken ?? deps.caller?.mayHaveIdToken ?? false }
  const plans = planJobs(workflow, { contexts }, caller)
  deps.observe({ type: 'job-expanded', job: key, jobs: plans })
  const request = { ...deps.request, secrets }
  const { conclusion, jobs } = await runJobs({ ...deps, plan, request, caller }, plans)
  const results = [...jobs].map(([id, { result, outputs }]) => [id, { result, outputs: { ...outputs } }] as const)
  const outputScope = { contexts: { ...contexts, jobs: Object.fromEntries(results) } }
  const outputs = (workflow.call?.outputs ?? []).map((output) => [output.name, textOf(output.value, outputScope)])
  const skipped = [...jobs.values()].every((job) => job.conclusion === 'skipped')
  return { conclusion: skipped ? 'skipped' : conclusion, outputs: Object.fromEntries(outputs) }
}

function failUnstarted({ observe, mask }: JobDeps, key: string, error: unknown) {
  const message = error instanceof Error ? error.message : String(error)
  observe({ type: 'job-started', job: key, steps: ['Set up job'] })
  observe({ type: 'step-started', job: key, step: 0 })
  observe({ type: 'log', job: key, step: 0, line: mask.hide(`##[error]${message}`) })
  observe({ type: 'step-completed', job: key, step: 0, conclusion: 'failure' })
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

function forgiven(deps: JobDeps, instance: JobInstance, { conclusion }: JobOutcome): boolean {
  if (conclusion !== 'failure') return false
  try {
    return truthOf(instance.definition.continueOnError, scopeOfJob(deps, instance))
  } catch {
    return false
  }
}
