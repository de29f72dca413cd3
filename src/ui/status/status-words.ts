import { partState } from '~/domain/deploy/job-state'
import type { Phase, PhaseState } from '~/domain/deploy/phases'
import type { RunStep } from '~/domain/deploy/run-jobs'
import { isKnownStatus, statusWord } from '~/domain/deploy/status'
import { capitalise, inSentence } from '~/domain/foreign-text'

const PHASE_STATE_WORDS = {
  pending: 'Pending',
  active: 'Running',
  done: 'Done',
  skipped: 'Skipped',
  absent: 'Not part of this workflow',
  unknown: 'Unknown',
  failed: 'Failed',
  timed_out: 'Timed out',
  cancelled: 'Cancelled',
} as const satisfies Record<PhaseState, string>

/** The word under a phase. A phase that is pending after its deploy ended is proven not to have run. A newer server may send a state that
 * this page does not know. */
export function phaseWord(state: PhaseState, ended: boolean): string {
  if (ended && state === 'pending') return 'Not reached'
  return Object.hasOwn(PHASE_STATE_WORDS, state) ? PHASE_STATE_WORDS[state] : PHASE_STATE_WORDS.unknown
}

/** The word beside a job or step. A state that this version does not know keeps GitHub's word. */
export function partWord(part: Pick<RunStep, 'status' | 'conclusion'>): string {
  const state = partState(part)
  if (state === 'unknown') return inSentence(part.conclusion ?? part.status)
  return state === 'pending' ? capitalise(part.status) : PHASE_STATE_WORDS[state]
}

/** The phase that an event reports as running; null between phases. */
export function activePhase(phases: readonly Phase[]): Phase | null {
  return phases.find((phase) => phase.state === 'active') ?? null
}

/** One or two words for a tile or a title: the running phase, else the status. */
export function positionWord(deploy: { readonly status: string; readonly phases: readonly Phase[] }): string {
  return isKnownStatus(deploy.status) ? (activePhase(deploy.phases)?.label ?? statusWord(deploy.status)) : deploy.status
}

export type Outcome = 'running' | 'succeeded' | 'failed' | 'timed_out' | 'cancelled' | 'unknown'

/** The mark of a deploy, with a neutral one for an unknown status. */
export function outcomeOf(status: string): Outcome {
  if (status === 'succeeded' || status === 'failed' || status === 'timed_out' || status === 'cancelled') return status
  return isKnownStatus(status) ? 'running' : 'unknown'
}
