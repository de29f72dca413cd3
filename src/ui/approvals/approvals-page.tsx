'use client'

import { ApprovalRow } from '~/ui/approvals/approval-row'
import { LoadMore } from '~/ui/primitives/load-more'
import { RowsSkeleton } from '~/ui/primitives/rows-skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { trpc } from '~/ui/trpc/client'
import { useAskEvery } from '~/ui/trpc/live-state'

const POLL_MS = 5_000

/** What waits for another person, and what became of the requests before. */
export function ApprovalsPage() {
  const askEvery = useAskEvery(POLL_MS)
  const list = trpc.approvals.list.useInfiniteQuery(
    {},
    { getNextPageParam: (page) => page.nextCursor, refetchInterval: askEvery },
  )
  const waiting = list.data?.pages[0]?.waiting ?? []
  const decided = list.data?.pages.flatMap((page) => page.decided) ?? []
  return (
    <PageFrame title="Approvals">
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
                Nothing waits for approval. A surface asks for it with “approval: required” in surfaces.yaml.
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
