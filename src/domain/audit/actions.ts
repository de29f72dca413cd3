import type { AuditAction } from '~/domain/audit/event'

/** The actions whose `status` is an accepted transition. Read in order, they are the history of a deploy. */
export const TRANSITION_ACTIONS = [
  'console.deploy.requested',
  'console.deploy.dispatched',
  'console.deploy.dispatch_refused',
  'console.deploy.callback',
  'console.deploy.reconciled',
  'console.deploy.health_checked',
  'console.deploy.given_up',
] as const satisfies readonly AuditAction[]

/** The events that raise or end a warning. The newest event of each kind is read even if many others follow. */
export const ALARM_ACTIONS = [
  'console.deploy.runs_duplicated',
  'console.deploy.run_mismatch',
  'console.deploy.other_commit_reported',
  'console.deploy.ref_moved',
  'console.deploy.record_disagrees',
  'console.deploy.other_version_runs',
  'console.deploy.version_seen',
  'console.deploy.late_run',
  'console.deploy.late_run_over',
  'console.deploy.released',
  'console.deploy.cancel_requested',
  'console.deploy.cancel_acknowledged',
  'console.deploy.cancel_refused',
  'console.deploy.cancel_delayed',
] as const satisfies readonly AuditAction[]

export const isTransitionAction = (action: string): boolean => TRANSITION_ACTIONS.some((known) => known === action)
