import { Ban, CircleCheck, CircleDashed, CircleDot, CircleMinus, ClockAlert, OctagonX } from 'lucide-react'
import type { PhaseState } from '~/domain/phases'

const MARKS = {
  pending: { Icon: CircleDashed, tone: 'text-ink-faint' },
  active: { Icon: CircleDot, tone: 'animate-breathe text-accent' },
  done: { Icon: CircleCheck, tone: 'text-good' },
  skipped: { Icon: CircleMinus, tone: 'text-ink-faint' },
  failed: { Icon: OctagonX, tone: 'text-bad' },
  timed_out: { Icon: ClockAlert, tone: 'text-bad' },
  cancelled: { Icon: Ban, tone: 'text-ink-soft' },
} as const satisfies Record<PhaseState, unknown>

export function PhaseMark({ state, size = 'size-4' }: { readonly state: PhaseState; readonly size?: string }) {
  const { Icon, tone } = MARKS[state]
  return <Icon aria-hidden="true" className={`${size} shrink-0 ${tone}`} />
}
