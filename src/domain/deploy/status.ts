/**
 * Where a deploy can stand and how it may move on (docs/contract.md, "Status").
 * Everything else about statuses — who may set them, which are terminal, what the SQL compares with — derives from here.
 */
export const DEPLOY_STATUSES = [
  'requested',
  'dispatched',
  'smoke_gate_started',
  'smoke_gate_passed',
  'freeze_check_started',
  'freeze_check_passed',
  'building',
  'deploying',
  'succeeded',
  'failed',
  'timed_out',
  'cancelled',
] as const

export type DeployStatus = (typeof DEPLOY_STATUSES)[number]

/** The transition table. Every edge leads forward; a rollback is a new deploy, never a transition. */
export const TRANSITIONS = {
  requested: ['dispatched', 'failed', 'timed_out', 'cancelled'],
  dispatched: ['smoke_gate_started', 'freeze_check_started', 'building', 'failed', 'timed_out', 'cancelled'],
  smoke_gate_started: ['smoke_gate_passed', 'failed', 'timed_out', 'cancelled'],
  smoke_gate_passed: ['freeze_check_started', 'building', 'failed', 'timed_out', 'cancelled'],
  freeze_check_started: ['freeze_check_passed', 'failed', 'timed_out', 'cancelled'],
  freeze_check_passed: ['building', 'failed', 'timed_out', 'cancelled'],
  building: ['deploying', 'failed', 'timed_out', 'cancelled'],
  deploying: ['succeeded', 'failed', 'timed_out', 'cancelled'],
  succeeded: [],
  failed: [],
  timed_out: [],
  cancelled: [],
} as const satisfies Record<DeployStatus, readonly DeployStatus[]>

/** Statuses a workflow may send; the others are the console's own to set. */
export const CALLBACK_STATUSES = [
  'smoke_gate_started',
  'smoke_gate_passed',
  'freeze_check_started',
  'freeze_check_passed',
  'building',
  'deploying',
  'succeeded',
  'failed',
] as const satisfies readonly DeployStatus[]

export type CallbackStatus = (typeof CALLBACK_STATUSES)[number]

export const FAILURE_STAGES = [
  'dispatch_failed',
  'smoke_gate_failed',
  'freeze_check_failed',
  'build_failed',
  'deploy_failed',
  'health_check_failed',
] as const

export type FailureStage = (typeof FAILURE_STAGES)[number]

/** False for a status a newer version wrote before it was rolled back: shown as stored, never guessed at. */
export function isKnownStatus(status: string): status is DeployStatus {
  return DEPLOY_STATUSES.some((known) => known === status)
}

export function isCallbackStatus(status: string): status is CallbackStatus {
  return CALLBACK_STATUSES.some((known) => known === status)
}

export function isKnownFailureStage(stage: string): stage is FailureStage {
  return FAILURE_STAGES.some((known) => known === stage)
}

export const TERMINAL_STATUSES: readonly DeployStatus[] = DEPLOY_STATUSES.filter(
  (status) => TRANSITIONS[status].length === 0,
)

export const UNFINISHED_STATUSES: readonly DeployStatus[] = DEPLOY_STATUSES.filter(
  (status) => TRANSITIONS[status].length > 0,
)

/** An unknown status counts as unfinished: nothing is concluded about it, and it keeps holding its surface. */
export function isTerminal(status: string): boolean {
  return TERMINAL_STATUSES.some((terminal) => terminal === status)
}

/** What `from` may become; empty for a status this version does not know. */
export function allowedFrom(from: string): readonly DeployStatus[] {
  return isKnownStatus(from) ? TRANSITIONS[from] : []
}

export function canTransition(from: string, to: DeployStatus): boolean {
  return allowedFrom(from).includes(to)
}

/** The statuses that may become `to`; feeds the `where` of the compare-and-set, so table and SQL cannot drift. */
export function sourcesOf(to: DeployStatus): readonly DeployStatus[] {
  return DEPLOY_STATUSES.filter((from) => canTransition(from, to))
}

/** Whether the deploy phase ran to its end. `no` needs proof as much as `yes` does; everything else is `unknown`. */
export const SHIPPED = ['yes', 'no', 'unknown'] as const
export type Shipped = (typeof SHIPPED)[number]
