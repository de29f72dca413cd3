import { CircleCheck, CircleX, Hourglass, TimerOff, Undo2 } from 'lucide-react'
import type { ApprovalState } from '~/domain/deploy/approval'

const MARKS = {
  waiting: { Icon: Hourglass, tone: 'text-ink-soft' },
  granted: { Icon: CircleCheck, tone: 'text-good' },
  refused: { Icon: CircleX, tone: 'text-bad' },
  withdrawn: { Icon: Undo2, tone: 'text-ink-faint' },
  expired: { Icon: TimerOff, tone: 'text-ink-faint' },
} as const satisfies Record<ApprovalState, unknown>

/** A shape for each state: none rests on its colour. */
export function ApprovalMark({ state }: { readonly state: ApprovalState }) {
  const { Icon, tone } = MARKS[state]
  return <Icon aria-hidden="true" className={`size-4 shrink-0 ${tone}`} />
}
