import {
  type CallbackStatus,
  hasPosition,
  PHASES,
  type PhaseKey,
  positionAt,
  STATUS_OF_STEP,
} from '~/domain/deploy/status'
import {
  type Answer,
  answerInTurn,
  answers,
  deployIdOf,
  type Handler,
  listedRun,
  type ScriptedGitHub,
} from '~test/support/scripted-github'

const JOB_OF_PHASE: Readonly<Record<PhaseKey, string>> = {
  smoke_gate: 'smoke',
  freeze_check: 'freeze-check',
  deploy: 'deploy',
  health_check: 'deploy',
}

/** The notify steps of a deploy workflow in order, with the job of each. */
const STEPS = [...STATUS_OF_STEP].map(([name, status]) => ({ name, status, job: jobOf(status) }))

function jobOf(status: CallbackStatus): string {
  const position = hasPosition(status) ? positionAt(status) : null
  const phase = PHASES.findLast(({ key }) => position !== null && position[key] !== 'pending')
  return JOB_OF_PHASE[phase?.key ?? 'deploy']
}

export type Conclusion = 'success' | 'failure' | 'cancelled' | 'timed_out'

interface ModelRun {
  readonly id: bigint
  readonly deployId: string
  done: number
  conclusion: Conclusion | null
  attempt: number
  startedAt: string
}

/**
 * A model of GitHub behind real HTTP: it remembers which runs it was asked to start and reports on them as GitHub would.
 * Every accepted dispatch is a run, so two runs of one deploy mean two dispatches.
 */
export function modelGitHub(github: ScriptedGitHub) {
  const runs: ModelRun[] = []
  let lastId = 9_007_199_254_740_993n // past 2^53, as run ids may be

  const accept = (deployId: string): ModelRun => {
    lastId += 1n
    const run: ModelRun = {
      id: lastId,
      deployId,
      done: 0,
      conclusion: null,
      attempt: 1,
      startedAt: '2026-11-21T10:00:00Z',
    }
    runs.push(run)
    return run
  }
  const runOf = (path: string) => runs.find(({ id }) => path.includes(`/runs/${id}`))

  github.script.onListRuns = () => ({
    status: 200,
    body: { total_count: runs.length, workflow_runs: runs.map(listed) },
  })
  github.script.onRun = ({ path }) => {
    const run = runOf(path)
    if (run === undefined) return answers.notFound
    const status = run.conclusion === null ? 'in_progress' : 'completed'
    return {
      status: 200,
      body: {
        status,
        conclusion: run.conclusion,
        run_attempt: run.attempt,
        created_at: '2026-11-21T10:00:00Z',
        run_started_at: run.startedAt,
        updated_at: '2026-11-21T10:05:00Z',
      },
    }
  }
  github.script.onJobs = ({ path }) => {
    const run = runOf(path)
    if (run === undefined) return answers.notFound
    const jobs = jobsOf(run)
    return { status: 200, body: { total_count: jobs.length, jobs } }
  }

  /** Starts a run for every dispatch, whatever the answer is: the run, unless a test sets another. */
  const accepting =
    (answer?: Answer | Handler): Handler =>
    (request) => {
      const run = accept(deployIdOf(request))
      return answerInTurn(answer ?? { status: 200, body: { workflow_run_id: run.id } })(request)
    }

  return {
    accept,
    accepting,
    runsOf: (deployId: string) => runs.filter((run) => run.deployId === deployId),
    /** Takes the next step of the workflow: returns the status it reports, or null if none is left. */
    work: (deployId: string): CallbackStatus | null => {
      const run = runs.find((one) => one.deployId === deployId && one.conclusion === null)
      const step = run === undefined ? undefined : STEPS[run.done]
      if (run === undefined || step === undefined) return null
      run.done += 1
      return step.status
    },
    /** Somebody re-runs a run that has ended; false if there is none. */
    startAgain: (deployId: string, at: Date): boolean => {
      const run = runs.find((one) => one.deployId === deployId && one.conclusion !== null)
      if (run === undefined) return false
      Object.assign(run, { done: 0, conclusion: null, attempt: run.attempt + 1, startedAt: at.toISOString() })
      return true
    },
    /** Ends the run; false if none could end. A successful run has gone through every step. */
    conclude: (deployId: string, conclusion: Conclusion): boolean => {
      const run = runs.find((one) => one.deployId === deployId && one.conclusion === null)
      if (run === undefined) return false
      if (conclusion === 'success') run.done = STEPS.length
      run.conclusion = conclusion
      return true
    },
  }
}

const listed = ({ id, deployId, conclusion, attempt }: ModelRun) => ({
  ...listedRun(id, `Deploy main [${deployId}]`),
  run_number: 1,
  run_attempt: attempt,
  event: 'workflow_dispatch',
  status: conclusion === null ? 'in_progress' : 'completed',
  conclusion,
  created_at: '2026-11-21T10:00:00Z',
})

function jobsOf(run: ModelRun) {
  const done = STEPS.slice(0, run.done)
  return [...new Set(Object.values(JOB_OF_PHASE))].flatMap((name) => {
    const steps = done.filter(({ job }) => job === name)
    if (steps.length === 0) return []
    return [
      {
        name,
        conclusion: run.conclusion,
        started_at: '2026-11-21T10:00:00Z',
        completed_at: null,
        steps: steps.map((step) => ({
          name: step.name,
          status: 'completed',
          conclusion: 'success',
          started_at: '2026-11-21T10:00:00Z',
        })),
      },
    ]
  })
}
