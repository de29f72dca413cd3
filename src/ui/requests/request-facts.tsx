import { CircleCheck, CircleX, Hourglass, ListOrdered, Replace, TimerOff, Undo2 } from 'lucide-react'
import { requesterWords } from '~/domain/actor'
import type { ApprovalState, ApprovalView } from '~/domain/deploy/approval'
import type { QueuedState, QueuedView } from '~/domain/deploy/queue'
import { kindWords } from '~/domain/deploy/source'
import { refLabel } from '~/domain/ref'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { InputList } from '~/ui/primitives/input-list'
import { Sha } from '~/ui/primitives/sha'
import { TickedList } from '~/ui/primitives/ticked-list'
import { TimeAgo } from '~/ui/time/time-ago'

// A request that waits, for approval or in the queue, before it is a deploy.

interface RequestFactsProps {
  readonly request: ApprovalView | QueuedView
  /** How it was requested: "requested", "queued". */
  readonly verb: string
  readonly commitUrl?: string
}

/** What was requested, by whom, when and why. */
export function RequestFacts({ request, verb, commitUrl }: RequestFactsProps) {
  const kind = kindWords(request)
  return (
    <p className="mt-1 text-xs text-ink-faint">
      {kind !== null && `${kind}: `}
      {request.ref !== request.sha && (
        <span className="font-medium break-all text-ink-soft">
          <ForeignText text={refLabel(request.ref)} /> at{' '}
        </span>
      )}
      <Sha sha={request.sha} url={commitUrl ?? null} /> · {verb} by {requesterWords(request)}{' '}
      <TimeAgo at={request.requestedAt} />
      {request.reason !== null && (
        <>
          {' '}
          · “<ForeignText text={request.reason} whole />”
        </>
      )}
    </p>
  )
}

interface RequestHeadlineProps {
  readonly state: RequestState
  readonly text: string
  /** Null if it does not wait any more. */
  readonly expiresAt: string | null
}

/** The state in one line. */
export function RequestHeadline({ state, text, expiresAt }: RequestHeadlineProps) {
  return (
    <p role="status" className="flex items-center gap-2 text-base font-semibold">
      <RequestMark state={state} />
      <span>
        {text}
        {expiresAt !== null && (
          <span className="font-normal text-ink-faint">
            {' '}
            · expires <TimeAgo at={expiresAt} />
          </span>
        )}
      </span>
    </p>
  )
}

/** What the requester filled in and ticked. */
export function RequestedInputs({ request }: { readonly request: ApprovalView | QueuedView }) {
  return (
    <>
      {request.inputs.length > 0 && (
        <section aria-labelledby="requested-inputs">
          <h3 id="requested-inputs" className="mb-1 text-sm font-semibold">
            Inputs
          </h3>
          <InputList inputs={request.inputs} />
        </section>
      )}
      {request.checklist.length > 0 && (
        <section aria-labelledby="requested-checklist">
          <h3 id="requested-checklist" className="mb-1 text-sm font-semibold">
            Checklist <span className="font-normal text-ink-faint">ticked by {requesterWords(request)}</span>
          </h3>
          <TickedList lines={request.checklist} />
        </section>
      )}
    </>
  )
}

/** `queued` is a request that waits in the queue. */
type RequestState = ApprovalState | 'queued' | Exclude<QueuedState, 'waiting'>

const MARKS = {
  waiting: { Icon: Hourglass, tone: 'text-ink-soft' },
  queued: { Icon: ListOrdered, tone: 'text-ink-soft' },
  granted: { Icon: CircleCheck, tone: 'text-good' },
  deployed: { Icon: CircleCheck, tone: 'text-good' },
  refused: { Icon: CircleX, tone: 'text-bad' },
  withdrawn: { Icon: Undo2, tone: 'text-ink-faint' },
  replaced: { Icon: Replace, tone: 'text-ink-faint' },
  expired: { Icon: TimerOff, tone: 'text-ink-faint' },
} as const satisfies Record<RequestState, unknown>

/** A shape for each state: colour is never the only sign. */
export function RequestMark({ state }: { readonly state: RequestState }) {
  const { Icon, tone } = MARKS[state]
  return <Icon aria-hidden="true" className={`size-4 shrink-0 ${tone}`} />
}
