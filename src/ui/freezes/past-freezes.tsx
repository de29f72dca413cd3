'use client'

import { FreezeRow } from '~/ui/freezes/freeze-row'
import { Button } from '~/ui/primitives/button'
import { trpc } from '~/ui/trpc/client'

/** Lifted or ended ones, newest first, a page at a time. */
export function PastFreezes() {
  const pages = trpc.freezes.list.useInfiniteQuery(
    {},
    { getNextPageParam: (page) => page.cursor ?? undefined, initialCursor: null },
  )
  const past = pages.data?.pages.flatMap((page) => page.past) ?? []
  if (past.length === 0) return null
  return (
    <section aria-labelledby="past" className="mt-8">
      <h2 id="past" className="mb-2.5 text-sm font-semibold">
        Past
      </h2>
      <ul aria-labelledby="past" className="rounded-md border border-line bg-panel">
        {past.map((freeze) => (
          <FreezeRow key={freeze.id} freeze={freeze} onChanged={() => undefined} />
        ))}
      </ul>
      {pages.hasNextPage && (
        <Button className="mt-3" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Older ones
        </Button>
      )}
    </section>
  )
}
