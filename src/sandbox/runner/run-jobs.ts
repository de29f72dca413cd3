import { type ContextValue, isTrue, truthOf } from '~/sandbox/runner/expressions'
import { type JobDeps, type JobOutcome, runJob } from '~/sandbox/runner/run-job'
import type { Conclusion } from '~/sandbox/runner/types'
import type { JobDefinition } from '~/sandbox/runner/workflow-file'

interface FinishedJob extends JobOutcome {
  /** What the jobs after it see: a failure with `continue-on-error` counts as a success. */
  readonly result: Conclusion
}

/** Runs every job as soon as the jobs it needs are done; jobs that do not need each other run at the same time. */
export async function runJobs(deps: JobDeps): Promise<Conclusion> {
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
  // Over all ancestors, not only the direct ones: https://docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions#status-check-functions
  const status = {
    success: () => !deps.signal.aborted && ancestors.every((result) => result === 'success'),
    failure: () => ancestors.includes('failure'),
    cancelled: () => deps.signal.aborted,
  }
  const wanted = () => isTrue(definition.condition, { contexts, status })
  // On cancellation GitHub asks the condition of a running job again, and leaves the job alone when it still holds.
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
    // The condition, the environment's name or the job's directories: nothing of the job itself has run.
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
