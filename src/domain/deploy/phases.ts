import type { PhaseJobs, RunFacts } from '~/domain/deploy/run-record'
import {
  closingOf,
  type DeployStatus,
  hasPosition,
  isStopped,
  openingOf,
  PHASES,
  type PhaseKey,
  type Position,
  phaseOfStage,
  positionAt,
  type RunningOrSucceeded,
  STOPPED_STATUSES,
} from '~/domain/deploy/status'

export const PHASE_STATES = ['pending', 'active', 'done', 'skipped', 'absent', 'unknown', ...STOPPED_STATUSES] as const
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
  /** The run ended, or went on; nothing on record says that the phase itself was done. */
  readonly implied: boolean
}

export interface PhaseFacts {
  readonly status: string
  readonly failureStage: string | null
  readonly transitions: readonly Transition[]
  /** GitHub's record of the run as it was last read; null if it was never read. */
  readonly record: RunFacts | null
  /** The phases that are not part of the workflow (`absentPhases`). */
  readonly absent: readonly PhaseKey[]
}

/**
 * The phases for which a declaration names neither a job nor a probe, so that no run of the workflow has them. Without a declaration,
 * the workflow may have any phase.
 */
export const absentPhases = (jobs: PhaseJobs | null, isProbed: boolean): PhaseKey[] =>
  jobs === null
    ? []
    : PHASES.map(({ key }) => key).filter((key) => jobs[key] === undefined && !(key === 'health_check' && isProbed))

/**
 * The four steps of a deploy, from its status, the transitions that were accepted, and GitHub's record.
 *
 * - `done` only where the phase reported or GitHub's record shows that it executed to its end; a phase that the workflow did
 *   not run is `skipped`, and one that the workflow does not have is `absent`, unless the workflow reports it.
 * - A deploy that stopped marks the phase that its `failure_stage` names, else the phase that was under way. At most one phase
 *   is marked. It lies after every phase that is done. No phase is marked if nothing was reported after `dispatched`.
 * - A status this version does not know adds nothing: the steps stay where the last known event left them.
 */
export function phasesOf(deploy: PhaseFacts): Phase[] {
  const { status, transitions, record } = deploy
  const reached = reachedBy(deploy)
  const seen = (wanted: DeployStatus | undefined) => transitions.find((transition) => transition.status === wanted)
  const stoppedAt = isStopped(status) ? (seen(status)?.at ?? null) : null
  const position = positionAt(reached)
  // The status that opens the health check proves only that the deploy phase is done.
  const isProven = (key: PhaseKey) =>
    record?.phases[key] === 'ended' ||
    seen(closingOf(key))?.implied === false ||
    (key !== 'health_check' && seen(openingOf(key))?.implied === false)
  const isReported = (key: PhaseKey) => {
    const opened = seen(openingOf(key))
    return opened?.implied === false && (key !== 'health_check' || opened.action === 'console.deploy.callback')
  }
  const isAbsent = (key: PhaseKey) => deploy.absent.includes(key) && !isReported(key)
  // A gate of which a job failed is behind while the run goes on, or if a later phase is to blame.
  const isDoubtful = (key: PhaseKey) =>
    isStopped(status) && key !== 'health_check' && seen(closingOf(key))?.implied === true
  const isBehind = (key: PhaseKey) =>
    (position[key] === 'done' && !isDoubtful(key)) || (isStopped(status) && record?.phases[key] === 'ended')
  const isDone = (key: PhaseKey) => isBehind(key) && isProven(key)
  const blamed = isStopped(status) ? blamedPhase(deploy.failureStage, position, isDone, isAbsent) : null
  const blamedIndex = PHASES.findIndex((phase) => phase.key === blamed)

  return PHASES.map(({ key, label }, index) => {
    const startedAt = seen(openingOf(key))?.at ?? null
    const endedAt = seen(closingOf(key))?.at ?? null
    const state = ((): PhaseState => {
      if (isStopped(status) && key === blamed) return status
      if (isAbsent(key)) return 'absent'
      if (isBehind(key) || index < blamedIndex) return isProven(key) ? 'done' : 'skipped'
      if (isStopped(status)) return 'pending'
      return position[key]
    })()
    return { key, label, state, startedAt, endedAt: state === status ? stoppedAt : endedAt }
  })
}

/** The last status that says how far the phases have come. */
function reachedBy({ status, transitions }: Pick<PhaseFacts, 'status' | 'transitions'>): RunningOrSucceeded {
  if (hasPosition(status)) return status
  return transitions.map((transition) => transition.status).findLast(hasPosition) ?? 'requested'
}

/**
 * The phase that `failureStage` names, otherwise the active phase. Null if that phase or a later one is done: then the stage
 * contradicts the record. An active phase that the workflow does not have is not to blame.
 */
function blamedPhase(
  failureStage: string | null,
  position: Position,
  isDone: (key: PhaseKey) => boolean,
  isAbsent: (key: PhaseKey) => boolean,
): PhaseKey | null {
  const mayBeBlamed = (wanted: PhaseKey | null) =>
    wanted !== null && !PHASES.slice(PHASES.findIndex(({ key }) => key === wanted)).some(({ key }) => isDone(key))
  const named = failureStage === null ? null : phaseOfStage(failureStage)
  if (mayBeBlamed(named)) return named
  const active = PHASES.find(({ key }) => position[key] === 'active' && !isAbsent(key))?.key ?? null
  return failureStage !== 'dispatch_failed' && mayBeBlamed(active) ? active : null
}

/** True when the stage that was reported names a phase that is on record as done, or one before it. */
export function isStageContradicted(deploy: PhaseFacts): boolean {
  const named = deploy.failureStage === null ? null : phaseOfStage(deploy.failureStage)
  return named !== null && !phasesOf(deploy).some(({ key, state }) => key === named && state === deploy.status)
}
