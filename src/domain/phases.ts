import { type DeployStatus, type FailureStage, isKnownFailureStage, isKnownStatus } from '~/domain/deploy-status'

/** The four steps an operator sees, in order (contract.md, "Phases"). */
export const PHASES = [
  { key: 'smoke_gate', label: 'Smoke gate' },
  { key: 'freeze_check', label: 'Freeze check' },
  { key: 'deploy', label: 'Deploy' },
  { key: 'health_check', label: 'Health check' },
] as const

export type PhaseKey = (typeof PHASES)[number]['key']
export type PhaseState = 'pending' | 'active' | 'done' | 'skipped' | 'failed' | 'timed_out' | 'cancelled'

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

/**
 * The four steps of a deploy, from its status and the transitions that were accepted.
 *
 * - `done` only where the phase reported; one the workflow passed by without running it is `skipped`.
 * - A deploy that stopped marks the phase its `failure_stage` names, else the phase that was under way. A phase that
 *   had already reported its end is not blamed for what came after it, and with no event after `dispatched` none is.
 *   Exactly one phase is marked, or none.
 * - A status this version does not know adds nothing: the steps stay where the last known event left them.
 */
export function phasesOf(deploy: {
  readonly status: string
  readonly failureStage: string | null
  readonly transitions: readonly Transition[]
}): Phase[] {
  const { status, transitions } = deploy
  const reached = isPositioned(status)
    ? status
    : (transitions.map((transition) => transition.status).findLast(isPositioned) ?? 'requested')
  const timeOf = (wanted: DeployStatus) => transitions.find((transition) => transition.status === wanted)?.at ?? null
  const stoppedAt = isStopped(status) ? timeOf(status) : null
  const position = POSITIONS[reached]
  const blamed = isStopped(status) ? blamedPhase(deploy.failureStage, position) : null
  const blamedIndex = PHASES.findIndex((phase) => phase.key === blamed)

  return PHASES.map(({ key, label }, index) => {
    const startedAt = timeOf(OPENS[key])
    const endedAt = timeOf(CLOSES[key])
    const reported = startedAt !== null || endedAt !== null
    const state = ((): PhaseState => {
      if (isStopped(status) && key === blamed) return status
      if (index < blamedIndex) return reported ? 'done' : 'skipped'
      if (isStopped(status) && position[key] === 'active') return 'pending'
      if (position[key] === 'done' && isGate(key) && !reported) return 'skipped'
      return position[key]
    })()
    return { key, label, state, startedAt, endedAt: state === status ? stoppedAt : endedAt }
  })
}

/** Only the gates can be passed by: no edge leads past `building` or `deploying`. */
const isGate = (key: PhaseKey) => key === 'smoke_gate' || key === 'freeze_check'

function blamedPhase(failureStage: string | null, position: Position): PhaseKey | null {
  if (failureStage !== null && isKnownFailureStage(failureStage)) return STAGE_PHASE[failureStage]
  return PHASES.find((phase) => position[phase.key] === 'active')?.key ?? null
}
