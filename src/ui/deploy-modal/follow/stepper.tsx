import type { Phase } from '~/domain/deploy/phases'
import type { UsualTime, UsualTimes } from '~/domain/deploy/usual-times'
import { PhaseMark } from '~/ui/status/marks'
import { phaseWord } from '~/ui/status/status-words'
import { duration } from '~/ui/time/relative-time'
import { Elapsed } from '~/ui/time/time-ago'

interface StepperProps {
  readonly phases: readonly Phase[]
  readonly ended: boolean
  /** Undefined while it is not known. */
  readonly usual?: UsualTimes | undefined
}

/**
 * The four phases. Each state comes from events alone; a phase without an event stays pending. What a phase usually takes stands
 * below it, as an estimate, until it is over.
 */
export function Stepper({ phases, ended, usual }: StepperProps) {
  return (
    <ol aria-label="Phases" className="grid gap-y-0.5 sm:grid-cols-4">
      {phases.map((phase, index) => (
        <li
          key={phase.key}
          data-phase={phase.key}
          data-state={phase.state}
          aria-current={phase.state === 'active' ? 'step' : undefined}
          className="grid grid-cols-[1.25rem_minmax(0,1fr)_auto] items-center gap-x-2 py-1 sm:grid-cols-1 sm:py-0"
        >
          <span className="flex items-center gap-2 sm:mb-1.5">
            <PhaseMark state={phase.state} size="size-5" />
            {index < phases.length - 1 && <Track phases={phases} index={index} />}
          </span>
          <span className={`truncate text-sm ${isUnseen(phase) ? 'text-ink-soft' : 'font-medium text-ink'}`}>
            {phase.label}
          </span>
          <span className="text-xs text-ink-faint">
            {phaseWord(phase.state, ended)}
            {phase.startedAt !== null && isTimed(phase) && (
              <>
                {' '}
                <Elapsed since={phase.startedAt} until={phase.state === 'active' ? null : phase.endedAt} />
              </>
            )}
          </span>
          {!ended && <Estimate phase={phase} usual={usual?.[phase.key]} />}
        </li>
      ))}
    </ol>
  )
}

/** Keeps its place while it is not known, so that nothing moves. */
function Estimate({ phase, usual }: { readonly phase: Phase; readonly usual: UsualTime | undefined }) {
  const isAhead = phase.state === 'pending' || phase.state === 'active'
  return (
    <span className="text-xs text-ink-faint max-sm:col-span-2 max-sm:col-start-2 sm:min-h-[1.125rem]">
      {isAhead && usual !== undefined && (
        <span
          data-estimate={phase.key}
          title={`Estimate from the last ${usual.deploys} successful deploys: half took at most ${duration(0, usual.median)}, nine of ten at most ${duration(0, usual.p90)}.`}
        >
          usually {duration(0, usual.median)}, p90 {duration(0, usual.p90)}
        </span>
      )}
    </span>
  )
}

const isUnseen = ({ state }: Phase) => state === 'pending' || state === 'absent' || state === 'unknown'

/** Only a phase in progress is timed until now. GitHub's record may prove that another one ended, and not say when. */
const isTimed = (phase: Phase) =>
  phase.state === 'active' || (phase.endedAt !== null && !isUnseen(phase) && phase.state !== 'skipped')

/** The line to the next phase: drawn once this one is behind. */
function Track({ phases, index }: { readonly phases: readonly Phase[]; readonly index: number }) {
  const state = phases[index]?.state
  const isPassed = phases.slice(index + 1).some((later) => !isUnseen(later))
  const behind = state === 'done' || state === 'skipped' || (state === 'absent' && isPassed)
  return (
    <span
      aria-hidden="true"
      className={`mr-2 hidden h-0 flex-1 border-t sm:block ${behind ? 'border-ink-faint' : 'border-dashed border-control'}`}
    />
  )
}
