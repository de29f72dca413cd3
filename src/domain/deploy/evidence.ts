import {
  awaitsStart,
  declaredParts,
  executed,
  factsOf,
  failedStage,
  isWhollyListed,
  type RunRecord,
} from '~/domain/deploy/run-record'
import {
  canTransition,
  closingOf,
  type DeployStatus,
  type FailureStage,
  openingOf,
  PHASES,
  provesShipped,
  STATUS_OF_STEP,
  STATUSES_BEFORE_SUCCESS,
} from '~/domain/deploy/status'
import { inSentence } from '~/domain/foreign-text'

/** A status that GitHub's record proves, and its time. */
export interface Evidence {
  readonly status: DeployStatus
  readonly at: string
  readonly failureStage: FailureStage | null
  /** What in the record proves it, for the audit trail. */
  readonly proof: string
  /** No job or step shows the end of the phase itself: the run ended, or went on, without one. */
  readonly implied?: boolean
}

/**
 * The statuses, in order, that GitHub's record proves and that the deploy has not reached yet
 * (docs/contract.md, "A callback that is ahead of the graph" and "Reconciler").
 */
export function evidenceBeyond(
  from: DeployStatus,
  run: RunRecord,
  /** Whether the console makes the health check itself, so that no run proves it. */
  { isProbed }: { readonly isProbed: boolean } = { isProbed: false },
): Evidence[] {
  const beyond: Evidence[] = []
  let stands: DeployStatus = from
  const apply = (evidence: Evidence) => {
    if (!canTransition(stands, evidence.status)) return
    beyond.push(evidence)
    stands = evidence.status
  }
  for (const evidence of [evidenceOfExistence(run), ...evidenceOfSteps(run), ...evidenceOfDeclaredJobs(run)])
    apply(evidence)
  for (const evidence of evidenceOfConclusion(stands, run, isProbed)) apply(evidence)
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

/**
 * A declared phase opens with its first job, and closes when all its jobs have ended and a later phase has begun or waits to begin. A gate
 * also closes then if one of its jobs failed: the workflow tolerates the job, or the job is not part of the gate. GitHub's record does not
 * tell these apart before the end of the run, so the end of the gate is only implied.
 */
function evidenceOfDeclaredJobs(run: RunRecord): Evidence[] {
  const parts = PHASES.map(({ key }) => declaredParts(key, run).filter(({ skipped }) => !skipped))
  const begins = PHASES.map(({ key }, index) => parts[index]?.some(({ ran }) => ran) === true || awaitsStart(key, run))
  return PHASES.flatMap(({ key, isGate }, index): Evidence[] => {
    const own = parts[index] ?? []
    const [first] = own
      .filter(({ ran }) => ran)
      .toSorted((a, b) => (a.startedAt ?? '').localeCompare(b.startedAt ?? ''))
    if (first === undefined) return []
    const failed = isGate ? own.find((part) => part.failed) : undefined
    const isOver = own.every((part) => part.ended || (isGate && part.failed))
    const isLeft = begins.slice(index + 1).includes(true) && isOver && isWhollyListed(key, run)
    const at =
      own
        .map(({ completedAt }) => completedAt ?? '')
        .toSorted()
        .at(-1) || run.updatedAt
    const proven = (status: DeployStatus | undefined, when: string | null, name: string, what: string): Evidence[] =>
      status === undefined
        ? []
        : [{ status, at: when ?? run.updatedAt, failureStage: null, proof: `“${inSentence(name)}” ${what}` }]
    const closed =
      failed === undefined
        ? proven(closingOf(key), at, first.name, 'ended')
        : proven(closingOf(key), at, failed.name, 'failed, and a later phase began all the same')
    return [
      ...proven(openingOf(key), first.startedAt, first.name, 'started'),
      ...(isLeft ? closed.map((one) => (failed === undefined ? one : { ...one, implied: true })) : []),
    ]
  })
}

/** Why a run that GitHub calls a success is no success of the deploy, by what the record shows of the deploy phase. */
const NOT_DEPLOYED = {
  not_run: 'the run ended without deploying',
  started: 'the run succeeded, but not every job of its deploy phase did',
  unknown: 'the run succeeded, but none of its jobs is known to be the deploy phase',
} as const

/** Names told the phase, such as that of a job that only builds. */
const NO_END_TOLD = 'the run succeeded, but GitHub’s record does not show that its deploy phase ended'

/** A run that has concluded ends its deploy at any status, unless a health check of the console follows. */
function evidenceOfConclusion(from: DeployStatus, run: RunRecord, isProbed: boolean): Evidence[] {
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
      if (!provesShipped(from) && phases.deploy !== 'ended') {
        const isTold = phases.deploy === 'started' && run.phaseJobs === null
        return [{ ...end('failed'), proof: isTold ? NO_END_TOLD : NOT_DEPLOYED[phases.deploy] }]
      }
      if (isProbed) return STATUSES_BEFORE_SUCCESS.map((status) => end(status))
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
