import type { CallbackStatus } from '~/domain/deploy/status'
import {
  type Answer,
  answers,
  deployIdOf,
  type Handler,
  inTurn,
  listedRun,
  type ScriptedGitHub,
} from '~test/support/scripted-github'

/** The notify steps a deploy workflow runs, by the status each reports. */
const STEPS = {
  smoke_gate_started: ['smoke', 'Notify — smoke gate started'],
  smoke_gate_passed: ['smoke', 'Notify — smoke gate passed'],
  freeze_check_started: ['freeze-check', 'Notify — freeze check started'],
  freeze_check_passed: ['freeze-check', 'Notify — freeze check passed'],
  building: ['deploy', 'Notify — building'],
  deploying: ['deploy', 'Notify — deploying'],
} as const satisfies Partial<Record<CallbackStatus, readonly [string, string]>>

type StepStatus = keyof typeof STEPS

export type Conclusion = 'success' | 'failure' | 'cancelled' | 'timed_out'

interface ModelRun {
  readonly id: bigint
  readonly deployId: string
  done: number
  conclusion: Conclusion | null
  attempt: number
  startedAt: string
}

const ORDER = [
  'smoke_gate_started',
  'smoke_gate_passed',
  'freeze_check_started',
  'freeze_check_passed',
  'building',
  'deploying',
] as const satisfies readonly StepStatus[]

/**
 * A model of GitHub behind real HTTP: it keeps what it was asked to run and tells of it what GitHub would. Every
 * dispatch it accepts is a run, so two runs of one deploy are two dispatches.
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

  /** Starts a run for every dispatch it gets, whatever it then answers: unless told otherwise, with the run. */
  const accepting =
    (answer?: Answer | Handler): Handler =>
    (request) => {
      const run = accept(deployIdOf(request))
      return inTurn(answer ?? { status: 200, body: { workflow_run_id: run.id } })(request)
    }

  return {
    accept,
    accepting,
    runsOf: (deployId: string) => runs.filter((run) => run.deployId === deployId),
    /** The workflow takes its next step: the status it reports, or null when there is none left. */
    work: (deployId: string): StepStatus | null => {
      const run = runs.find((one) => one.deployId === deployId && one.conclusion === null)
      const status = run === undefined ? undefined : ORDER[run.done]
      if (run === undefined || status === undefined) return null
      run.done += 1
      return status
    },
    /** Somebody starts a run again that had ended; false when there is none. */
    startAgain: (deployId: string, at: Date): boolean => {
      const run = runs.find((one) => one.deployId === deployId && one.conclusion !== null)
      if (run === undefined) return false
      Object.assign(run, { done: 0, conclusion: null, attempt: run.attempt + 1, startedAt: at.toISOString() })
      return true
    },
    /** The run ends; false when there is none that could. A success has gone through every step. */
    conclude: (deployId: string, conclusion: Conclusion): boolean => {
      const run = runs.find((one) => one.deployId === deployId && one.conclusion === null)
      if (run === undefined) return false
      if (conclusion === 'success') run.done = ORDER.length
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
  const done = ORDER.slice(0, run.done)
  return ['smoke', 'freeze-check', 'deploy'].flatMap((name) => {
    const steps = done.filter((status) => STEPS[status][0] === name)
    if (steps.length === 0) return []
    return [
      {
        name,
        conclusion: run.conclusion,
        started_at: '2026-11-21T10:00:00Z',
        completed_at: null,
        steps: steps.map((status) => ({
          name: STEPS[status][1],
          status: 'completed',
          conclusion: 'success',
          started_at: '2026-11-21T10:00:00Z',
        })),
      },
    ]
  })
}
