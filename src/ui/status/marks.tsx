import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CircleMinus,
  CircleQuestionMark,
  ClockAlert,
  Minus,
  OctagonX,
} from 'lucide-react'
import type { PhaseState } from '~/domain/deploy/phases'
import type { Outcome } from '~/ui/status/status-words'

interface MarkProps {
  readonly className?: string
  readonly 'aria-hidden'?: 'true'
}

/** A ring with a pulsing centre. Only the centre moves, so that the mark stays the strongest of its row. */
function ActiveMark({ className }: MarkProps) {
  return (
    <svg viewBox="0 0 24 24" fill="none" aria-hidden="true" className={className}>
      <circle cx="12" cy="12" r="9.5" stroke="currentColor" strokeWidth="3" />
      <circle cx="12" cy="12" r="4.5" fill="currentColor" className="animate-breathe" />
    </svg>
  )
}

/** Solid, unlike lucide's outlines: ended phases weigh more than pending ones. */
function DoneMark({ className }: MarkProps) {
  return (
    <svg viewBox="0 0 24 24" fill="none" aria-hidden="true" className={className}>
      <circle cx="12" cy="12" r="11" fill="currentColor" />
      <path
        d="m7 12.4 3.4 3.4L17 9"
        className="stroke-panel"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}

function FailedMark({ className }: MarkProps) {
  return (
    <svg viewBox="0 0 24 24" fill="none" aria-hidden="true" className={className}>
      <path d="M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9z" fill="currentColor" />
      <path d="m8.2 8.2 7.6 7.6m0-7.6-7.6 7.6" className="stroke-panel" strokeWidth="2.6" strokeLinecap="round" />
    </svg>
  )
}

/** One shape for each state: colour is never the only sign. */
const PHASES = {
  pending: { Icon: CircleDashed, tone: 'text-ink-faint' },
  active: { Icon: ActiveMark, tone: 'text-accent' },
  done: { Icon: DoneMark, tone: 'text-good' },
  skipped: { Icon: CircleMinus, tone: 'text-ink-faint' },
  absent: { Icon: Minus, tone: 'text-ink-faint' },
  unknown: { Icon: CircleQuestionMark, tone: 'text-ink-faint' },
  failed: { Icon: FailedMark, tone: 'text-bad' },
  timed_out: { Icon: ClockAlert, tone: 'text-bad' },
  cancelled: { Icon: Ban, tone: 'text-ink-soft' },
} as const satisfies Record<PhaseState, unknown>

export function PhaseMark({ state, size = 'size-4' }: { readonly state: PhaseState; readonly size?: string }) {
  // A newer server may send a state that this page does not know.
  const { Icon, tone } = Object.hasOwn(PHASES, state) ? PHASES[state] : PHASES.unknown
  return <Icon aria-hidden="true" className={`${size} shrink-0 ${tone}`} />
}

/** One shape for each outcome: colour is never the only sign. */
const OUTCOMES = {
  running: { Icon: CircleDot, tone: 'text-accent' },
  succeeded: { Icon: CircleCheck, tone: 'text-good' },
  failed: { Icon: OctagonX, tone: 'text-bad' },
  timed_out: { Icon: ClockAlert, tone: 'text-bad' },
  cancelled: { Icon: Ban, tone: 'text-ink-faint' },
  unknown: { Icon: CircleQuestionMark, tone: 'text-ink-faint' },
} as const satisfies Record<Outcome, unknown>

export function OutcomeMark({ outcome, size = 'size-4' }: { readonly outcome: Outcome; readonly size?: string }) {
  const { Icon, tone } = OUTCOMES[outcome]
  return <Icon aria-hidden="true" className={`${size} shrink-0 ${tone}`} />
}
