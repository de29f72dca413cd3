import type { RunFacts } from '~/domain/deploy/evidence'
import { type DeployStatus, type FailureStage, isKnownFailureStage, isKnownStatus } from '~/domain/deploy/status'

/** The four steps an operator sees, in order (docs/contract.md, "Phases"). */
export const PHASES = [
  { key: 'smoke_gate', label: 'Smoke gate' },
  { key: 'freeze_check', label: 'Freeze check' },
  { key: 'deploy', label: 'Deploy' },
  { key: 'health_check', label: 'Health check' },
] as const

export type PhaseKey = (typeof PHASES)[number]['key']
export const PHASE_STATES = [
  'pending',
  'active',
  'done',
  'skipped',
  'unknown',
  'failed',
  'timed_out',
  'cancelled',
] as const
export type PhaseState = (typeof PHASE_STATES)[number]

export interface Phase {
  readonly key: PhaseKey
  readonly label: string
  readonly state: PhaseState
  /** ISO times of the events that opened and closed the phase; null where no event said so. */
  readonly startedAt: string | null
  readonly endedAt: string | null
}

/** One accepted transition, as the audit trail holds it. `status` may be one this version does not know. */
export interface Transition {
  readonly status: string
  readonly at: string
  /** What moved the deploy (TRANSITION_ACTIONS). */
  readonly action: string
  /** The conclusion of the run led here; nothing on record says that the phase itself was done. */
  readonly implied: boolean
}

type Position = Readonly<Record<PhaseKey, 'pending' | 'active' | 'done'>>

const at = (
  smoke_gate: Position['deploy'],
  freeze_check: Position['deploy'],
  deploy: Position['deploy'],
  health_check: Position['deploy'],
): Position => ({ smoke_gate, freeze_check, deploy, health_check })

type OpenOrSucceeded = Exclude<DeployStatus, 'failed' | 'timed_out' | 'cancelled'>

const POSITIONS = {
  requested: at('pending', 'pending', 'pending', 'pending'),
  dispatched: at('pending', 'pending', 'pending', 'pending'),
  smoke_gate_started: at('active', 'pending', 'pending', 'pending'),
  smoke_gate_passed: at('done', 'pending', 'pending', 'pending'),
  freeze_check_started: at('done', 'active', 'pending', 'pending'),
  freeze_check_passed: at('done', 'done', 'pending', 'pending'),
  building: at('done', 'done', 'active', 'pending'),
  deploying: at('done', 'done', 'done', 'active'),
  succeeded: at('done', 'done', 'done', 'done'),
} as const satisfies Record<OpenOrSucceeded, Position>

/** The event that opens and the event that closes each phase. */
const OPENS = {
  smoke_gate: 'smoke_gate_started',
  freeze_check: 'freeze_check_started',
  deploy: 'building',
  health_check: 'deploying',
} as const satisfies Record<PhaseKey, DeployStatus>

const CLOSES = {
  smoke_gate: 'smoke_gate_passed',
  freeze_check: 'freeze_check_passed',
  deploy: 'deploying',
  health_check: 'succeeded',
} as const satisfies Record<PhaseKey, DeployStatus>

const STAGE_PHASE = {
  dispatch_failed: null,
  smoke_gate_failed: 'smoke_gate',
  freeze_check_failed: 'freeze_check',
  build_failed: 'deploy',
  deploy_failed: 'deploy',
  health_check_failed: 'health_check',
} as const satisfies Record<FailureStage, PhaseKey | null>

const isStopped = (status: string): status is 'failed' | 'timed_out' | 'cancelled' =>
  status === 'failed' || status === 'timed_out' || status === 'cancelled'

const isPositioned = (status: string): status is OpenOrSucceeded => isKnownStatus(status) && !isStopped(status)

export interface PhaseFacts {
  readonly status: string
  readonly failureStage: string | null
  readonly transitions: readonly Transition[]
  /** GitHub's record of the run as it was last read; null while it was not. */
  readonly record: RunFacts | null
}

/**
 * The four steps of a deploy, from its status, the transitions that were accepted, and GitHub's record.
 *
 * - `done` only where the phase reported or GitHub's record shows that it executed to its end; a phase that the workflow passed
 *   by is `skipped`.
 * - A deploy that stopped marks the phase that its `failure_stage` names, else the phase that was under way. No phase is marked
 *   at or before one that is done, and with no event after `dispatched` none is. One phase is marked, or none.
 * - A status this version does not know adds nothing: the steps stay where the last known event left them.
 */
export function phasesOf(deploy: PhaseFacts): Phase[] {
  const { status, transitions, record } = deploy
  const reached = reachedBy(deploy)
  const seen = (wanted: DeployStatus) => transitions.find((transition) => transition.status === wanted)
  const stoppedAt = isStopped(status) ? (seen(status)?.at ?? null) : null
  const position = POSITIONS[reached]
  // What opens the health check says that the deploy phase is done, and nothing about the check itself.
  const isProven = (key: PhaseKey) =>
    record?.phases[key] === 'ended' ||
    seen(CLOSES[key])?.implied === false ||
    (key !== 'health_check' && seen(OPENS[key])?.implied === false)
  const isBehind = (key: PhaseKey) => position[key] === 'done' || (isStopped(status) && record?.phases[key] === 'ended')
  const isDone = (key: PhaseKey) => isBehind(key) && isProven(key)
  const blamed = isStopped(status) ? blamedPhase(deploy.failureStage, position, isDone) : null
  const blamedIndex = PHASES.findIndex((phase) => phase.key === blamed)

  return PHASES.map(({ key, label }, index) => {
    const startedAt = seen(OPENS[key])?.at ?? null
    const endedAt = seen(CLOSES[key])?.at ?? null
    const state = ((): PhaseState => {
      if (isStopped(status) && key === blamed) return status
      if (isBehind(key) || index < blamedIndex) return isProven(key) ? 'done' : 'skipped'
      if (isStopped(status)) return 'pending'
      return position[key]
    })()
    return { key, label, state, startedAt, endedAt: state === status ? stoppedAt : endedAt }
  })
}

/** The last status that says how far the phases have come. */
function reachedBy({ status, transitions }: Pick<PhaseFacts, 'status' | 'transitions'>): OpenOrSucceeded {
  if (isPositioned(status)) return status
  return transitions.map((transition) => transition.status).findLast(isPositioned) ?? 'requested'
}

/**
 * The phase that `failureStage` names, else the one that was under way; never one that is done or that lies before one: the stage
 * contradicts what is on record then.
 */
function blamedPhase(
  failureStage: string | null,
  position: Position,
  isDone: (key: PhaseKey) => boolean,
): PhaseKey | null {
  const mayBeBlamed = (wanted: PhaseKey | null) =>
    wanted !== null && !PHASES.slice(PHASES.findIndex(({ key }) => key === wanted)).some(({ key }) => isDone(key))
  const named = failureStage !== null && isKnownFailureStage(failureStage) ? STAGE_PHASE[failureStage] : null
  if (mayBeBlamed(named)) return named
  const active = PHASES.find(({ key }) => position[key] === 'active')?.key ?? null
  return failureStage !== 'dispatch_failed' && mayBeBlamed(active) ? active : null
}

/** True when the stage that was reported names a phase that is on record as done, or one before it. */
export function isStageContradicted(deploy: PhaseFacts): boolean {
  const { failureStage } = deploy
  if (failureStage === null || !isKnownFailureStage(failureStage)) return false
  const named = STAGE_PHASE[failureStage]
  return named !== null && !phasesOf(deploy).some(({ key, state }) => key === named && state === deploy.status)
}
