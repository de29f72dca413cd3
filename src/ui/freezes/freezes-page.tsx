'use client'

import { LockForm, OpenWindowForm } from '~/ui/freezes/freeze-form'
import { FreezeRow } from '~/ui/freezes/freeze-row'
import { isIdle } from '~/ui/freezes/freeze-words'
import { RecurringForm } from '~/ui/freezes/recurring-form'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'
import { Skeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { useSurfaces } from '~/ui/surfaces/use-surfaces'
import { trpc } from '~/ui/trpc/client'
import { useAskEvery } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

const POLL_MS = 10_000

/** Current, upcoming and past freezes and locks, and the forms that create them. */
export function FreezesPage() {
  const surfaces = useSurfaces()
  const askEvery = useAskEvery(POLL_MS)
  const list = trpc.freezes.list.useQuery({}, { refetchInterval: askEvery })
  const utils = trpc.useUtils()
  const changed = () => {
    void utils.freezes.list.invalidate()
    void utils.surfaces.list.invalidate()
  }
  const tiles = surfaces.data?.surfaces ?? []
  const environments = [...new Set(tiles.filter(({ archived }) => !archived).map(({ environment }) => environment))]
  return (
    <PageFrame title="Freezes and locks">
      <section aria-labelledby="current">
        <h2 id="current" className="mb-2.5 text-sm font-semibold">
          Current and upcoming
        </h2>
        {list.isError && (
          <Notice tone="warn" role="status">
            {readWireError(list.error).message} Still trying.
          </Notice>
        )}
        {list.isPending && <Skeleton className="h-14 w-full" />}
        {list.data?.current.length === 0 && (
          <p className="rounded-md border border-line bg-panel px-4 py-3 text-sm text-ink-soft">
            No surface is frozen or locked.
          </p>
        )}
        {list.data !== undefined && list.data.current.length > 0 && (
          <ul aria-labelledby="current" className="rounded-md border border-line bg-panel">
            {list.data.current.map((freeze) => (
              <FreezeRow
                key={freeze.id}
                freeze={freeze}
                idle={surfaces.data !== undefined && isIdle(freeze, environments)}
                onChanged={changed}
              />
            ))}
          </ul>
        )}
      </section>
      <div className="mt-6 grid gap-4 sm:grid-cols-2">
        <OpenWindowForm environments={environments} onChanged={changed} />
        <LockForm tiles={tiles} onChanged={changed} />
        <div className="sm:col-span-2">
          <RecurringForm tiles={tiles} environments={environments} onChanged={changed} />
        </div>
      </div>
      <PastFreezes />
    </PageFrame>
  )
}

/** Lifted or ended ones, newest first, a page at a time. */
function PastFreezes() {
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
          Older freezes
        </Button>
      )}
    </section>
  )
}
