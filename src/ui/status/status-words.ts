import type { Phase, PhaseState } from '~/domain/deploy/phases'
import { isKnownStatus, statusWord } from '~/domain/deploy/status'

const PHASE_STATE_WORDS = {
  pending: 'Pending',
  active: 'Running',
  done: 'Done',
  skipped: 'Skipped',
  unknown: 'Unknown',
  failed: 'Failed',
  timed_out: 'Timed out',
  cancelled: 'Cancelled',
} as const satisfies Record<PhaseState, string>

/** What the stepper says under a phase. One that is pending after the end of its deploy is proven not to have run. */
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
