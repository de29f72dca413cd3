import { CircleCheck, CircleX, Hourglass, TimerOff, Undo2 } from 'lucide-react'
import { requesterWords } from '~/domain/actor'
import type { ApprovalState, ApprovalView } from '~/domain/deploy/approval'
import { refLabel } from '~/domain/ref'
import { kindWords } from '~/ui/approvals/approval-words'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Sha } from '~/ui/primitives/sha'
import { TimeAgo } from '~/ui/time/time-ago'

/** What was requested, by whom, when and why. */
export function ApprovalFacts({ approval }: { readonly approval: ApprovalView }) {
  const kind = kindWords(approval)
  return (
    <p className="mt-1 text-xs text-ink-faint">
      {kind !== null && `${kind}: `}
      {approval.ref !== approval.sha && (
        <span className="font-medium break-all text-ink-soft">
          <ForeignText text={refLabel(approval.ref)} /> at{' '}
        </span>
      )}
      <Sha sha={approval.sha} url={approval.commitUrl} /> · requested by {requesterWords(approval)}{' '}
      <TimeAgo at={approval.requestedAt} />
      {approval.reason !== null && (
        <>
          {' '}
          · “<ForeignText text={approval.reason} whole />”
        </>
      )}
    </p>
  )
}

const MARKS = {
  waiting: { Icon: Hourglass, tone: 'text-ink-soft' },
  granted: { Icon: CircleCheck, tone: 'text-good' },
  refused: { Icon: CircleX, tone: 'text-bad' },
  withdrawn: { Icon: Undo2, tone: 'text-ink-faint' },
  expired: { Icon: TimerOff, tone: 'text-ink-faint' },
} as const satisfies Record<ApprovalState, unknown>

/** A shape for each state: colour is never the only sign. */
export function ApprovalMark({ state }: { readonly state: ApprovalState }) {
  const { Icon, tone } = MARKS[state]
  return <Icon aria-hidden="true" className={`size-4 shrink-0 ${tone}`} />
}
