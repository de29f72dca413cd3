import { z } from 'zod'
import {
  canTransition,
  closingOf,
  type DeployStatus,
  type FailureStage,
  openingOf,
  type PhaseKey,
  provesShipped,
  STATUS_OF_STEP,
  STATUSES_BEFORE_SUCCESS,
} from '~/domain/deploy/status'
import { inSentence } from '~/domain/foreign-text'

/** A run as GitHub records it, with GitHub's own spelling of each conclusion. */
export interface RunRecord {
  readonly status: string
  readonly conclusion: string | null
  readonly createdAt: string
  /** When the latest attempt started; null where GitHub does not say. */
  readonly startedAt: string | null
  readonly updatedAt: string
  /** 1 for the first run, one more for each re-run. The jobs belong to this attempt. */
  readonly attempt: number
  readonly jobs: readonly JobRecord[]
  /** False: GitHub has more jobs than were read, so a missing job proves nothing. */
  readonly complete: boolean
}

/** Whether this attempt is a re-run that started after the deploy had ended. GitHub's times are whole seconds. */
export const isRerunAfterEnd = (
  { attempt, startedAt }: Pick<RunRecord, 'attempt' | 'startedAt'>,
  finishedAt: Date | null,
): boolean => attempt > 1 && finishedAt !== null && startedAt !== null && Date.parse(startedAt) >= finishedAt.getTime()

export interface JobRecord {
  readonly name: string
  readonly conclusion: string | null
  readonly startedAt: string | null
  readonly completedAt: string | null
  readonly steps: readonly StepRecord[]
}

export interface StepRecord {
  readonly name: string
  readonly status: string
  readonly conclusion: string | null
  readonly startedAt: string | null
}

/** A status that GitHub's record proves, and its time. */
export interface Evidence {
  readonly status: DeployStatus
  readonly at: string
  readonly failureStage: FailureStage | null
  /** What in the record proves it, for the audit trail. */
  readonly proof: string
  /** Only the conclusion of the run proves it: no job or step of the phase is on record. */
  readonly implied?: boolean
}

/**
 * What the record shows of a phase. `ended`: a job or step of it executed to its end. `started`: a job or step executed and has not
 * ended, or failed. `not_run`: the run is over and nothing of the phase executed. `unknown`: the record does not say.
 */
export const PHASE_RECORDS = ['ended', 'started', 'not_run', 'unknown'] as const
export type PhaseRecord = (typeof PHASE_RECORDS)[number]

const phaseRecord = z.enum(PHASE_RECORDS)

/** The part of GitHub's record of a run that concerns a deploy. It is stored, so members are only ever added. */
export const runFacts = z.object({
  /** ISO time at which the record was read. */
  seenAt: z.string(),
  attempt: z.int(),
  over: z.boolean(),
  conclusion: z.string().nullable(),
  phases: z.object({
    smoke_gate: phaseRecord,
    freeze_check: phaseRecord,
    deploy: phaseRecord,
    health_check: phaseRecord,
  } satisfies Record<PhaseKey, z.ZodType>),
})
export type RunFacts = z.output<typeof runFacts>

/** What a record proves about each phase. */
export function factsOf(run: RunRecord, seenAt: Date): RunFacts {
  const over = run.status === 'completed'
  const seen = (phase: PhaseKey) => recordOf(phase, run, over)
  return {
    seenAt: seenAt.toISOString(),
    attempt: run.attempt,
    over,
    conclusion: run.conclusion,
    phases: {
      smoke_gate: seen('smoke_gate'),
      freeze_check: seen('freeze_check'),
      deploy: seen('deploy'),
      health_check: seen('health_check'),
    },
  }
}

function recordOf(phase: PhaseKey, run: RunRecord, over: boolean): PhaseRecord {
  const parts = run.jobs.flatMap((job) => partsOf(job).filter((part) => part.phase === phase))
  if (parts.some(({ ran, ended }) => ran && ended)) return 'ended'
  if (parts.some(({ ran }) => ran)) return 'started'
  // A missing job is proof only if the list is complete and every job has a known phase.
  const toldApart = run.complete && run.jobs.length > 0 && run.jobs.every((job) => !mayHaveRun(job) || phaseOfJob(job))
  // GitHub could not start a single job: the workflow file is not valid.
  const neverStarted = run.conclusion === 'startup_failure' && run.jobs.length === 0
  return over && (toldApart || neverStarted) ? 'not_run' : 'unknown'
}

interface Part {
  readonly phase: PhaseKey
  readonly ran: boolean
  readonly ended: boolean
}

/** The phases that a job belongs to. Within the job that deploys, its steps tell building, deploying and the health check apart. */
function partsOf(job: JobRecord): Part[] {
  const phase = phaseOfJob(job)
  if (phase === null) return []
  const ran = job.steps.some(executed)
  const ended = job.conclusion === 'success'
  if (phase !== 'deploy') return [{ phase, ran, ended }]
  const health = job.steps.filter(({ name }) => HEALTH.test(name) && !STATUS_OF_STEP.has(name))
  const checked = health.some(executed)
  const handedOver =
    checked || job.steps.some((step) => STATUS_OF_STEP.get(step.name) === closingOf('deploy') && executed(step))
  return [
    { phase, ran, ended: handedOver || (ended && !BUILD.test(job.name)) },
    { phase: 'health_check', ran: checked, ended: health.some(({ conclusion }) => conclusion === 'success') },
  ]
}

const BUILD = /\b(build|package|compile)/i
const HEALTH = /health/i
const JOB_NAMES: readonly (readonly [PhaseKey, RegExp])[] = [
  ['smoke_gate', /smoke/i],
  ['freeze_check', /freeze/i],
  ['health_check', HEALTH],
  ['deploy', /deploy|ship|release|publish|rollout/i],
  ['deploy', BUILD],
]

/** By its name, or by the notify steps in it; null for a job that belongs to none of the four phases. */
function phaseOfJob(job: JobRecord): PhaseKey | null {
  const named = JOB_NAMES.find(([, name]) => name.test(job.name))?.[0]
  if (named !== undefined) return named
  const deploys = job.steps.some(({ name }) => {
    const status = STATUS_OF_STEP.get(name)
    return status !== undefined && (status === openingOf('deploy') || status === closingOf('deploy'))
  })
  return deploys ? 'deploy' : null
}

const executed = ({ status, conclusion }: StepRecord): boolean =>
  status !== 'queued' && status !== 'pending' && conclusion !== 'skipped' && conclusion !== 'cancelled'

/** A job did not run if it was skipped, or cancelled before its first step. */
const mayHaveRun = ({ conclusion, steps }: JobRecord): boolean =>
  conclusion !== 'skipped' && !(conclusion === 'cancelled' && !steps.some(executed))

/**
 * The statuses, in order, that GitHub's record proves and that the deploy has not reached yet
 * (docs/contract.md, "A callback that is ahead of the graph" and "Reconciler").
 */
export function evidenceBeyond(from: DeployStatus, run: RunRecord): Evidence[] {
  const beyond: Evidence[] = []
  let stands: DeployStatus = from
  const apply = (evidence: Evidence) => {
    if (!canTransition(stands, evidence.status)) return
    beyond.push(evidence)
    stands = evidence.status
  }
  for (const evidence of [evidenceOfExistence(run), ...evidenceOfSteps(run)]) apply(evidence)
  for (const evidence of evidenceOfConclusion(stands, run)) apply(evidence)
  return beyond
}

/** A run that exists was accepted by GitHub. */
const evidenceOfExistence = (run: RunRecord): Evidence => ({
  status: 'dispatched',
  at: run.createdAt,
  failureStage: null,
  proof: 'the run exists',
})

function evidenceOfSteps(run: RunRecord): Evidence[] {
  const jobs = run.jobs.toSorted((a, b) => (a.startedAt ?? '').localeCompare(b.startedAt ?? ''))
  return jobs.flatMap((job) =>
    job.steps.flatMap((step) => {
      const status = STATUS_OF_STEP.get(step.name)
      if (status === undefined || !executed(step)) return []
      const at = step.startedAt ?? job.startedAt ?? run.updatedAt
      return [
        { status, at, failureStage: null, proof: `step “${inSentence(step.name)}” of job “${inSentence(job.name)}”` },
      ]
    }),
  )
}

export const ENDED_WITHOUT_DEPLOYING = 'the run ended without deploying'

/** A run that has concluded ends its deploy at any status. */
function evidenceOfConclusion(from: DeployStatus, run: RunRecord): Evidence[] {
  if (run.status !== 'completed' || run.conclusion === null) return []
  const proof = `the run ended as “${run.conclusion}” without a last callback`
  const end = (status: DeployStatus, failureStage: FailureStage | null = null): Evidence => ({
    status,
    at: run.updatedAt,
    failureStage,
    proof,
  })
  switch (run.conclusion) {
    case 'success': {
      const { phases } = factsOf(run, new Date(run.updatedAt))
      // The deploy phase has to be on record: a run with every job skipped is a success too.
      if (!provesShipped(from) && phases.deploy !== 'ended')
        return [{ ...end('failed'), proof: ENDED_WITHOUT_DEPLOYING }]
      const checked = phases.health_check === 'ended'
      return [...STATUSES_BEFORE_SUCCESS.map((status) => end(status)), { ...end('succeeded'), implied: !checked }]
    }
    case 'cancelled':
      return [end('cancelled')]
    case 'timed_out':
      return [end('timed_out')]
    default:
      return [end('failed', failedStage(run))]
  }
}

/** The stage of the first job that failed; within the deploy job, of the step that failed. */
function failedStage(run: RunRecord): FailureStage | null {
  const failed = run.jobs.find(({ conclusion }) => conclusion === 'failure' || conclusion === 'timed_out')
  if (failed === undefined) return null
  const phase = phaseOfJob(failed)
  if (phase === 'smoke_gate') return 'smoke_gate_failed'
  if (phase === 'freeze_check') return 'freeze_check_failed'
  if (phase === 'health_check') return 'health_check_failed'
  const step = failed.steps.find(({ conclusion }) => conclusion === 'failure' || conclusion === 'timed_out')
  if (step !== undefined && HEALTH.test(step.name)) return 'health_check_failed'
  if (BUILD.test(step?.name ?? failed.name)) return 'build_failed'
  return phase === null ? null : 'deploy_failed'
}
