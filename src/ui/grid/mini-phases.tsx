import type { DeploySummary } from '~/domain/deploy/view'
import { PhaseMark } from '~/ui/status/marks'
import { activePhase, phaseWord, positionWord } from '~/ui/status/status-words'
import { Elapsed } from '~/ui/time/time-ago'

interface MiniPhasesProps {
  readonly deploy: DeploySummary
  /** Beside other things in one line. A phone has no space for the phase's name there: its mark says it. */
  readonly short?: boolean
}

/** The four phases of a running deploy in one line: a mark each, then the running phase and its duration. */
export function MiniPhases({ deploy, short = false }: MiniPhasesProps) {
  const active = activePhase(deploy.phases)
  return (
    <div className="flex min-w-0 items-center gap-2">
      <ol aria-label="Phases" className="flex shrink-0 items-center">
        {deploy.phases.map((phase, index) => (
          <li
            key={phase.key}
            data-phase={phase.key}
            data-state={phase.state}
            aria-current={phase.state === 'active' ? 'step' : undefined}
            title={`${phase.label}: ${phaseWord(phase.state, deploy.terminal)}`}
            className="flex items-center"
          >
            {index > 0 && (
              <span
                aria-hidden="true"
                className={`h-px w-1.5 ${phase.state === 'pending' || phase.state === 'absent' ? 'bg-line' : 'bg-ink-faint'}`}
              />
            )}
            <PhaseMark state={phase.state} />
            <span className="sr-only">
              {phase.label}: {phaseWord(phase.state, deploy.terminal)}
            </span>
          </li>
        ))}
      </ol>
      <span className={`min-w-0 truncate text-sm text-ink ${short ? 'max-sm:sr-only' : ''}`}>
        {positionWord(deploy)}
      </span>
      <span className="shrink-0 text-sm text-ink-faint">
        <Elapsed since={active?.startedAt ?? deploy.requestedAt} until={null} />
      </span>
    </div>
  )
}
