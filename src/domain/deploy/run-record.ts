import { z } from 'zod'
import { holdersOf, matchesPattern, mayBePartOf } from '~/domain/deploy/job-names'
import { closingOf, type FailureStage, openingOf, PHASES, type PhaseKey, STATUS_OF_STEP } from '~/domain/deploy/status'

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
  /** Which of its jobs are which phase, as the surface declares; null: told by the names of jobs and steps. */
  readonly phaseJobs: PhaseJobs | null
  /** The commit that the run was started on. */
  readonly headSha: string | null
  /** False: GitHub has more jobs than were read, so a missing job proves nothing. */
  readonly complete: boolean
}

/**
 * The jobs of each phase, by their names on GitHub; `*` stands for any text. "job / step" names a step. A phase without an entry is not part
 * of the workflow.
 */
export type PhaseJobs = z.output<typeof phaseJobs>

const patterns = z.array(z.string()).optional()
export const phaseJobs = z.object({
  smoke_gate: patterns,
  freeze_check: patterns,
  deploy: patterns,
  health_check: patterns,
} satisfies Record<PhaseKey, z.ZodType>)

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

/**
 * What the record shows of a phase. `ended`: a job or step of it executed to its end. `started`: a job or step executed and has not
 * ended, or failed. `not_run`: the run is over and nothing of the phase executed. `unknown`: the record does not say.
 */
export const PHASE_RECORDS = ['ended', 'started', 'not_run', 'unknown'] as const
export type PhaseRecord = (typeof PHASE_RECORDS)[number]

const phaseRecord = z.enum(PHASE_RECORDS)

/** The part of GitHub's record of a run that concerns a deploy. It is stored, so members are only ever added. */
export const runFacts = z.object({
  /** ISO time at which GitHub was asked. The record is not older. */
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

/**
 * Whether the known record says more than this one, which was asked for at `askedAt`. Looks may end in another order than they began. A higher
 * attempt comes after a lower one, and the end of an attempt after everything else of it, whenever they were asked for.
 */
export function isOutdated(run: Pick<RunRecord, 'attempt' | 'status'>, askedAt: Date, known: RunFacts | null): boolean {
  if (known === null) return false
  if (run.attempt !== known.attempt) return run.attempt < known.attempt
  const over = run.status === 'completed'
  return over === known.over ? askedAt.getTime() < Date.parse(known.seenAt) : known.over
}

function recordOf(phase: PhaseKey, run: RunRecord, over: boolean): PhaseRecord {
  if (run.phaseJobs !== null) return declaredRecord(phase, run, over)
  const parts = run.jobs.flatMap((job) => partsOf(job).filter((part) => part.phase === phase))
  const finishing = parts.filter(({ finishes }) => finishes)
  if (finishing.some(({ ran }) => ran) && finishing.every(({ ended }) => ended)) return 'ended'
  if (parts.some(({ ran }) => ran)) return 'started'
  // A missing job is proof only if the list is complete and every job has a known phase.
  const toldApart =
    run.complete &&
    run.jobs.length > 0 &&
    !parts.some(({ mayHaveRun }) => mayHaveRun) &&
    run.jobs.every((job) => !mayHaveStarted(job) || phaseOfJob(job))
  // GitHub could not start a single job: the workflow file is not valid.
  return over && (toldApart || neverStarted(run)) ? 'not_run' : 'unknown'
}

const neverStarted = ({ conclusion, jobs }: RunRecord): boolean => conclusion === 'startup_failure' && jobs.length === 0

/**
 * A declared phase has ended when all its jobs have. Jobs that wait for others are not listed yet, so it may end only with the run. A
 * pattern that matches no job may be mistyped, so it proves nothing.
 */
function declaredRecord(phase: PhaseKey, run: RunRecord, over: boolean): PhaseRecord {
  const declared = declaredParts(phase, run)
  const parts = declared.filter(({ skipped }) => !skipped)
  if (parts.some(({ ran }) => ran))
    return over && run.complete && parts.every(({ ended }) => ended) ? 'ended' : 'started'
  const listed =
    run.complete && run.jobs.length > 0 && !parts.some(({ mayHaveRun }) => mayHaveRun) && isWhollyListed(phase, run)
  return over && (listed || neverStarted(run)) ? 'not_run' : 'unknown'
}

/** A job or step that the surface declares to be part of a phase. */
export interface DeclaredPart {
  readonly name: string
  readonly ran: boolean
  /** Also a step that was cancelled, perhaps while it ran. */
  readonly mayHaveRun: boolean
  readonly ended: boolean
  readonly failed: boolean
  readonly skipped: boolean
  readonly startedAt: string | null
  readonly completedAt: string | null
}

export function declaredParts(phase: PhaseKey, run: RunRecord): DeclaredPart[] {
  const patterns = run.phaseJobs?.[phase] ?? []
  const isWanted = (name: string) => patterns.some((pattern) => matchesPattern(pattern, name))
  const unstarted = new Set(patterns.flatMap((pattern) => unstartedJobs(pattern, run)))
  const part = ({ conclusion }: { readonly conclusion: string | null }) => ({
    ended: conclusion === 'success',
    failed: conclusion === 'failure' || conclusion === 'timed_out',
    skipped: conclusion === 'skipped',
  })
  return run.jobs.flatMap((job): DeclaredPart[] => {
    const { name, startedAt, completedAt } = job
    if (isWanted(name) || unstarted.has(job)) {
      const ran = job.steps.some(executed)
      return [{ ...part(job), name, ran, mayHaveRun: ran, startedAt, completedAt }]
    }
    return job.steps
      .filter((step) => isWanted(`${name} / ${step.name}`))
      .map((step) => ({
        ...part(step),
        name: `${name} / ${step.name}`,
        ran: executed(step),
        mayHaveRun: mayHaveExecuted(step, job),
        startedAt: step.startedAt,
        completedAt: null,
      }))
  })
}

/** Whether GitHub lists a job of the phase that has not started: the jobs that it needs have ended. */
export const awaitsStart = (phase: PhaseKey, { jobs, phaseJobs }: RunRecord): boolean => {
  const holders = (phaseJobs?.[phase] ?? []).flatMap(holdersOf)
  return jobs.some(
    ({ name, conclusion, steps }) =>
      conclusion === null && !steps.some(executed) && holders.some((pattern) => matchesPattern(pattern, name)),
  )
}

/** Whether everything that the phase names is on record. */
export const isWhollyListed = (phase: PhaseKey, run: RunRecord): boolean =>
  (run.phaseJobs?.[phase] ?? []).every((pattern) => isListed(pattern, run))

/** Whether a job or step on record is what the pattern names, or would have held it. */
const isListed = (pattern: string, run: RunRecord): boolean => {
  const isNamed = ({ name, steps }: JobRecord) =>
    matchesPattern(pattern, name) || steps.some((step) => matchesPattern(pattern, `${name} / ${step.name}`))
  return run.jobs.some(isNamed) || unstartedJobs(pattern, run).length > 0
}

/** The jobs that may hold what the pattern names, if none of them started. If one did, the pattern may be mistyped. */
function unstartedJobs(pattern: string, { jobs }: RunRecord): JobRecord[] {
  const holding = jobs.filter(({ name }) => mayBePartOf(name, pattern))
  return holding.every(neverRan) ? holding : []
}

interface Part {
  readonly phase: PhaseKey
  readonly ran: boolean
  readonly mayHaveRun: boolean
  readonly ended: boolean
  /** Whether the phase ends with it and all others of its kind. After a build, something still has to be deployed. */
  readonly finishes: boolean
}

/** The phases that a job belongs to. Within the job that deploys, its steps tell building, deploying and the health check apart. */
function partsOf(job: JobRecord): Part[] {
  const phase = phaseOfJob(job)
  if (phase === null || job.conclusion === 'skipped') return []
  const ran = job.steps.some(executed)
  const ended = job.conclusion === 'success'
  const whole = { phase, ran, mayHaveRun: ran, ended, finishes: true }
  if (phase !== 'deploy') return [whole]
  const health = job.steps.filter(({ name }) => HEALTH.test(name) && !STATUS_OF_STEP.has(name))
  const checked = health.some(executed)
  const handedOver =
    checked || job.steps.some((step) => STATUS_OF_STEP.get(step.name) === closingOf('deploy') && executed(step))
  return [
    { ...whole, ended: ended || handedOver, finishes: handedOver || !BUILD.test(job.name) },
    ...health
      .filter((step) => mayHaveExecuted(step, job))
      .map((step) => ({
        phase: 'health_check' as const,
        ran: executed(step),
        mayHaveRun: true,
        ended: step.conclusion === 'success',
        finishes: true,
      })),
  ]
}

const BUILD = /\b(build|package|compile)/i
const HEALTH = /health/i
const JOB_NAMES: readonly (readonly [PhaseKey, RegExp])[] = [
  ['smoke_gate', /smoke/i],
  ['freeze_check', /freeze/i],
  ['health_check', HEALTH],
  // The job of release-please opens a pull request, and releases only if that was merged.
  ['deploy', /deploy|ship|release(?!.please)|publish|rollout/i],
  ['deploy', BUILD],
]

interface NamedJob {
  readonly name: string
  readonly steps: readonly { readonly name: string }[]
}

/** Whether the names of a job and of its steps tell that it is the deploy phase. */
export const isDeployJob = (name: string, steps: readonly string[]): boolean =>
  phaseOfJob({ name, steps: steps.map((step) => ({ name: step })) }) === 'deploy'

/** By its name, or by the notify steps in it; null for a job that belongs to none of the four phases. */
function phaseOfJob(job: NamedJob): PhaseKey | null {
  const named = JOB_NAMES.find(([, name]) => name.test(job.name))?.[0]
  if (named !== undefined) return named
  const deploys = job.steps.some(({ name }) => {
    const status = STATUS_OF_STEP.get(name)
    return status !== undefined && (status === openingOf('deploy') || status === closingOf('deploy'))
  })
  return deploys ? 'deploy' : null
}

export const executed = ({ status, conclusion }: StepRecord): boolean =>
  status !== 'queued' && status !== 'pending' && conclusion !== 'skipped' && conclusion !== 'cancelled'

/** In a job that started, a cancelled step is the one that ran at the time of the cancel, or one after it. */
const mayHaveExecuted = (step: StepRecord, { steps }: JobRecord): boolean =>
  executed(step) || (step.conclusion === 'cancelled' && steps.some(executed))

/** GitHub has ended the job, and none of its steps executed. */
const neverRan = ({ conclusion, steps }: JobRecord): boolean =>
  conclusion !== null && conclusion !== 'success' && !steps.some(executed)

/** A job did not run if it was skipped, or cancelled before its first step. */
const mayHaveStarted = ({ conclusion, steps }: JobRecord): boolean =>
  conclusion !== 'skipped' && !(conclusion === 'cancelled' && !steps.some(executed))

const STAGES: Readonly<Record<PhaseKey, FailureStage>> = {
  smoke_gate: 'smoke_gate_failed',
  freeze_check: 'freeze_check_failed',
  deploy: 'deploy_failed',
  health_check: 'health_check_failed',
}

/** The stage of the first job that failed; within the deploy job, of the step that failed. */
export function failedStage(run: RunRecord): FailureStage | null {
  if (run.phaseJobs !== null) {
    // A gate that failed and did not keep the deploy phase from running is tolerated, or no gate.
    const isPassed = declaredParts('deploy', run).some(({ ran }) => ran)
    const failed = PHASES.find(
      ({ key, isGate }) => !(isGate && isPassed) && declaredParts(key, run).some((part) => part.failed),
    )
    return failed === undefined ? null : STAGES[failed.key]
  }
  const failed = run.jobs.find(({ conclusion }) => conclusion === 'failure' || conclusion === 'timed_out')
  if (failed === undefined) return null
  const phase = phaseOfJob(failed)
  if (phase !== null && phase !== 'deploy') return STAGES[phase]
  const step = failed.steps.find(({ conclusion }) => conclusion === 'failure' || conclusion === 'timed_out')
  if (step !== undefined && HEALTH.test(step.name)) return 'health_check_failed'
  if (BUILD.test(step?.name ?? failed.name)) return 'build_failed'
  return phase === null ? null : 'deploy_failed'
}
