'use client'

import { requesterWords } from '~/domain/actor'
import type { ApprovalView } from '~/domain/deploy/approval'
import { inSentence } from '~/domain/foreign-text'
import { APPROVAL_STATE_WORDS } from '~/ui/approvals/approval-words'
import { NotificationChoice } from '~/ui/approvals/notification-choice'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { PageLink } from '~/ui/primitives/links'
import { LoadMore } from '~/ui/primitives/load-more'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { RequestFacts, RequestMark } from '~/ui/requests/request-facts'
import { useRefusal } from '~/ui/shell/member'
import { PageFrame } from '~/ui/shell/page-frame'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { useAskEvery } from '~/ui/trpc/live-state'

const POLL_MS = 5_000

/** Requests that wait for another person, and earlier requests with their outcome. */
export function ApprovalsPage() {
  const askEvery = useAskEvery(POLL_MS)
  const list = trpc.approvals.list.useInfiniteQuery(
    {},
    { getNextPageParam: (page) => page.nextCursor, refetchInterval: askEvery },
  )
  const mayDecide = useRefusal('deploy.approve') === null
  const waiting = list.data?.pages[0]?.waiting ?? []
  const decided = list.data?.pages.flatMap((page) => page.decided) ?? []
  return (
    <PageFrame title="Approvals">
      {mayDecide && <NotificationChoice />}
      {list.isError && <ConnectionNotice error={list.error} updatedAt={list.dataUpdatedAt} />}
      {list.isPending && <RowsSkeleton what="approvals" />}
      {list.data !== undefined && (
        <StoppedClock of={list}>
          <section aria-labelledby="waiting">
            <h2 id="waiting" className="mb-2.5 text-sm font-semibold">
              Waiting
            </h2>
            {waiting.length === 0 ? (
              <p className="rounded-md border border-line bg-panel px-4 py-3 text-sm text-ink-soft">
                No deploy is waiting for approval. To require approval, set “approval: required” for a surface in
                surfaces.yaml.
              </p>
            ) : (
              <ul aria-labelledby="waiting" className="rounded-md border border-line bg-panel">
                {waiting.map((approval) => (
                  <ApprovalRow key={approval.id} approval={approval} />
                ))}
              </ul>
            )}
          </section>
          {decided.length > 0 && (
            <section aria-labelledby="decided" className="mt-6">
              <h2 id="decided" className="mb-2.5 text-sm font-semibold">
                Decided
              </h2>
              <ul aria-labelledby="decided" className="rounded-md border border-line bg-panel">
                {decided.map((approval) => (
                  <ApprovalRow key={approval.id} approval={approval} />
                ))}
              </ul>
              <LoadMore
                count={decided.length}
                noun="approval"
                more={list.hasNextPage}
                loading={list.isFetchingNextPage}
                failed={list.isFetchNextPageError}
                onMore={() => void list.fetchNextPage()}
              />
            </section>
          )}
        </StoppedClock>
      )}
    </PageFrame>
  )
}

const LINK =
  'shrink-0 rounded-[5px] border border-control bg-panel px-3 py-1 text-sm font-medium whitespace-nowrap hover:bg-well'

/** One request: what, by whom, its state, and the button that opens it. */
export function ApprovalRow({ approval }: { readonly approval: ApprovalView }) {
  const { id, state, surface, decision, deployId, decidable } = approval
  return (
    <li
      data-approval={id}
      data-state={state}
      className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-4 py-2.5 text-sm first:border-t-0"
    >
      <p className="flex w-24 shrink-0 items-center gap-1.5">
        <RequestMark state={state} />
        <span className={state === 'waiting' ? 'font-medium' : 'text-ink-soft'}>{APPROVAL_STATE_WORDS[state]}</span>
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
        <RequestFacts request={approval} verb="requested" commitUrl={approval.commitUrl} />
        <p className="text-xs text-ink-faint">
          {state === 'waiting' ? (
            <>
              expires <TimeAgo at={approval.expiresAt} />
            </>
          ) : (
            decision !== null && (
              <>
                {APPROVAL_STATE_WORDS[state].toLowerCase()} {state !== 'expired' && `by ${inSentence(decision.by)} `}
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
      <PageLink href={deployId === null ? `/?approval=${id}` : `/deploys/${deployId}`} className={LINK}>
        {decidable ? 'Review' : deployId === null ? 'Open' : 'Open deploy'}
        <span className="sr-only">
          {' '}
          <ForeignText text={surface.name} />, requested by {requesterWords(approval)}
        </span>
      </PageLink>
    </li>
  )
}
