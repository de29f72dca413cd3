import { Ban, CircleCheck, CircleDot, CircleQuestionMark, ClockAlert, OctagonX } from 'lucide-react'
import type { Outcome } from '~/ui/status/status-words'

/** One shape for each outcome, so that none rests on its colour. */
const MARKS = {
  running: { Icon: CircleDot, tone: 'text-accent' },
  succeeded: { Icon: CircleCheck, tone: 'text-good' },
  failed: { Icon: OctagonX, tone: 'text-bad' },
  timed_out: { Icon: ClockAlert, tone: 'text-bad' },
  cancelled: { Icon: Ban, tone: 'text-ink-faint' },
  unknown: { Icon: CircleQuestionMark, tone: 'text-ink-faint' },
} as const satisfies Record<Outcome, unknown>

export function OutcomeMark({ outcome, size = 'size-4' }: { readonly outcome: Outcome; readonly size?: string }) {
  const { Icon, tone } = MARKS[outcome]
  return <Icon aria-hidden="true" className={`${size} shrink-0 ${tone}`} />
}
