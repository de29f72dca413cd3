import { type DeployStatus, type FailureStage, isKnownFailureStage, isKnownStatus } from '~/domain/deploy-status'
import { PHASES, type Phase, type PhaseState } from '~/domain/phases'

const STATUS_WORDS = {
  requested: 'Requested',
  dispatched: 'Dispatched',
  smoke_gate_started: 'Smoke gate running',
  smoke_gate_passed: 'Smoke gate passed',
  freeze_check_started: 'Freeze check running',
  freeze_check_passed: 'Freeze check passed',
  building: 'Deploying',
  deploying: 'Health check running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  timed_out: 'Timed out',
  cancelled: 'Cancelled',
} as const satisfies Record<DeployStatus, string>

/** A status in words. One this version does not know is shown as it is stored. */
export function statusWord(status: string): string {
  return isKnownStatus(status) ? STATUS_WORDS[status] : status
}

const STAGE_WORDS = {
  dispatch_failed: 'Dispatch',
  smoke_gate_failed: 'Smoke gate',
  freeze_check_failed: 'Freeze check',
  build_failed: 'Deploy, while building',
  deploy_failed: 'Deploy',
  health_check_failed: 'Health check',
} as const satisfies Record<FailureStage, string>

/** Where a deploy failed, in the words of the stepper. */
function stageWord(stage: string): string {
  return isKnownFailureStage(stage) ? STAGE_WORDS[stage] : stage
}

const PHASE_STATE_WORDS = {
  pending: 'Pending',
  active: 'Running',
  done: 'Done',
  skipped: 'Skipped',
  failed: 'Failed',
  timed_out: 'Timed out',
  cancelled: 'Cancelled',
} as const satisfies Record<PhaseState, string>

/** What the stepper says under a phase; one that was still pending when its deploy ended is not coming any more. */
export function phaseWord(state: PhaseState, ended: boolean): string {
  return ended && state === 'pending' ? 'Not reached' : PHASE_STATE_WORDS[state]
}

/** The phase an event says is running, or null between phases. */
export function activePhase(phases: readonly Phase[]): Phase | null {
  return phases.find((phase) => phase.state === 'active') ?? null
}

/** What a tile or a title says in one or two words: the running phase, else the status. */
export function positionWord(deploy: { readonly status: string; readonly phases: readonly Phase[] }): string {
  return isKnownStatus(deploy.status) ? (activePhase(deploy.phases)?.label ?? statusWord(deploy.status)) : deploy.status
}

export type Outcome = 'running' | 'succeeded' | 'failed' | 'timed_out' | 'cancelled' | 'unknown'

/** The five kinds of mark a deploy can carry, and the neutral one for a status this version does not know. */
export function outcomeOf(status: string): Outcome {
  if (status === 'succeeded' || status === 'failed' || status === 'timed_out' || status === 'cancelled') return status
  return isKnownStatus(status) ? 'running' : 'unknown'
}

/** "Failed at Smoke gate", "Cancelled", "Succeeded": the outcome with where it happened, when an event said where. */
export function outcomeHeadline(deploy: {
  readonly status: string
  readonly failureStage: string | null
  readonly phases: readonly Phase[]
}): string {
  const word = statusWord(deploy.status)
  if (deploy.status === 'succeeded') return word
  if (deploy.failureStage !== null) return `${word} at ${stageWord(deploy.failureStage)}`
  const stoppedIn = deploy.phases.find((phase) => phase.state === deploy.status)
  return stoppedIn === undefined ? word : `${word} at ${stoppedIn.label}`
}

const BEFORE_DEPLOY: readonly string[] = PHASES.slice(0, 2).map((phase) => phase.key)

/** True only where an event says the deploy stopped before its Deploy phase: nothing was sent to the surface. */
export function stoppedBeforeDeploy(deploy: {
  readonly failureStage: string | null
  readonly phases: readonly Phase[]
}) {
  if (deploy.failureStage === 'dispatch_failed') return true
  const stopped = deploy.phases.find((phase) => ['failed', 'timed_out', 'cancelled'].includes(phase.state))
  return stopped !== undefined && BEFORE_DEPLOY.includes(stopped.key)
}
