import Link from 'next/link'
import type { ApprovalView } from '~/domain/deploy/approval'
import { inSentence } from '~/domain/foreign-text'
import { ApprovalFacts } from '~/ui/approvals/approval-facts'
import { ApprovalMark } from '~/ui/approvals/approval-mark'
import { requesterWords, STATE_WORDS } from '~/ui/approvals/approval-words'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { TimeAgo } from '~/ui/time/time-ago'

const LINK =
  'shrink-0 rounded-[5px] border border-control bg-panel px-3 py-1 text-sm font-medium whitespace-nowrap hover:bg-well'

/** One request: what, by whom, where it stands, and the way to its facts. */
export function ApprovalRow({ approval }: { readonly approval: ApprovalView }) {
  const { id, state, surface, decision, deployId, decidable } = approval
  return (
    <li
      data-approval={id}
      data-state={state}
      className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-4 py-2.5 text-sm first:border-t-0"
    >
      <p className="flex w-24 shrink-0 items-center gap-1.5">
        <ApprovalMark state={state} />
        <span className={state === 'waiting' ? 'font-medium' : 'text-ink-soft'}>{STATE_WORDS[state]}</span>
      </p>
      <div className="min-w-48 flex-1">
        <p>
          <span className="font-medium">
            <ForeignText text={surface.name} />
          </span>{' '}
          <span className="text-ink-faint">
            <ForeignText text={surface.environment} />
          </span>
          {approval.overrideReason !== null && (
            <span className="text-warn">
              {' '}
              · overrides the freeze: “<ForeignText text={approval.overrideReason} whole />”
            </span>
          )}
        </p>
        <ApprovalFacts approval={approval} />
        <p className="text-xs text-ink-faint">
          {state === 'waiting' ? (
            <>
              expires <TimeAgo at={approval.expiresAt} />
            </>
          ) : (
            decision !== null && (
              <>
                {STATE_WORDS[state].toLowerCase()} {state !== 'expired' && `by ${inSentence(decision.by)} `}
                <TimeAgo at={decision.at} />
                {decision.reason !== null && (
                  <>
                    : “<ForeignText text={decision.reason} whole />”
                  </>
                )}
              </>
            )
          )}
        </p>
      </div>
      <Link href={deployId === null ? `/?approval=${id}` : `/?deploy=${deployId}`} className={LINK}>
        {decidable ? 'Review' : deployId === null ? 'Open' : 'Open deploy'}
        <span className="sr-only">
          {' '}
          <ForeignText text={surface.name} />, asked for by {requesterWords(approval)}
        </span>
      </Link>
    </li>
  )
}
