import { type CallbackStatus, canTransition, type DeployStatus, type FailureStage } from '~/domain/deploy-status'
import { inSentence } from '~/domain/foreign-text'

/** A run as GitHub records it. Conclusions beyond the usual ones are kept as GitHub spells them. */
export interface RunRecord {
  readonly status: string
  readonly conclusion: string | null
  readonly createdAt: string
  readonly updatedAt: string
  /** 1, and one more each time somebody runs it again; the jobs are those of this attempt. */
  readonly attempt: number
  readonly jobs: readonly JobRecord[]
}

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

/** One status that GitHub's own record proves, and when. */
export interface Evidence {
  readonly status: DeployStatus
  readonly at: string
  readonly failureStage: FailureStage | null
  /** What in the record proves it, for the audit trail. */
  readonly proof: string
}

/**
 * The deploy workflows name their notify steps for the status they send. A notify step that ran shows that the
 * workflow came this far, whether or not its callback arrived.
 */
const NOTIFY_STEPS: Readonly<Record<string, CallbackStatus>> = {
  'Notify — smoke gate started': 'smoke_gate_started',
  'Notify — smoke gate passed': 'smoke_gate_passed',
  'Notify — freeze check started': 'freeze_check_started',
  'Notify — freeze check passed': 'freeze_check_passed',
  'Notify — building': 'building',
  'Notify — deploying': 'deploying',
}

/**
 * The statuses GitHub's record proves and the deploy has not reached, in order: what fills the gap between where a
 * deploy stands and where its run is (contract.md, "A callback that is ahead of the graph" and "Reconciler").
 */
export function evidenceBeyond(from: DeployStatus, run: RunRecord): Evidence[] {
  const beyond: Evidence[] = []
  let stands: DeployStatus = from
  for (const evidence of [evidenceOfExistence(run), ...evidenceOfSteps(run), ...evidenceOfConclusion(run)]) {
    if (!canTransition(stands, evidence.status)) continue
    beyond.push(evidence)
    stands = evidence.status
  }
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
      const status = NOTIFY_STEPS[step.name]
      const ran = step.status !== 'queued' && step.status !== 'pending' && step.conclusion !== 'skipped'
      if (status === undefined || !ran || step.conclusion === 'cancelled') return []
      const at = step.startedAt ?? job.startedAt ?? run.updatedAt
      return [
        { status, at, failureStage: null, proof: `step "${inSentence(step.name)}" of job "${inSentence(job.name)}"` },
      ]
    }),
  )
}

/** What no successful run can do without; a gate counts where the deploy stands at it. */
const SUCCESS_PROVES = [
  'smoke_gate_passed',
  'freeze_check_passed',
  'building',
  'deploying',
  'succeeded',
] as const satisfies readonly DeployStatus[]

/** A concluded run ends its deploy, wherever the deploy stands. */
function evidenceOfConclusion(run: RunRecord): Evidence[] {
  if (run.status !== 'completed' || run.conclusion === null) return []
  const proof = `the run ended as "${run.conclusion}" without a last callback`
  const end = (status: DeployStatus, failureStage: FailureStage | null = null): Evidence => ({
    status,
    at: run.updatedAt,
    failureStage,
    proof,
  })
  switch (run.conclusion) {
    case 'success':
      return SUCCESS_PROVES.map((status) => end(status))
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
  const failed = run.jobs.find((job) => job.conclusion === 'failure' || job.conclusion === 'timed_out')
  if (failed === undefined) return null
  if (/smoke/i.test(failed.name)) return 'smoke_gate_failed'
  if (/freeze/i.test(failed.name)) return 'freeze_check_failed'
  const step = failed.steps.find(({ conclusion }) => conclusion === 'failure' || conclusion === 'timed_out')
  if (step !== undefined && /health/i.test(step.name)) return 'health_check_failed'
  if (step !== undefined && /build|package/i.test(step.name)) return 'build_failed'
  return 'deploy_failed'
}
