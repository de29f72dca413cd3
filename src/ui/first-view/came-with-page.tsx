'use client'

import { type DehydratedState, HydrationBoundary, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useState } from 'react'
import { documentArrival } from '~/ui/first-view/document-arrival'
import { useIsHydrated } from '~/ui/first-view/hydration'
import { noteServerTime } from '~/ui/time/clock'
import { RenderedAt } from '~/ui/time/use-now'

interface CameWithPageProps {
  /** Null: the page brought nothing, and the window asks for itself. */
  readonly answers: { readonly state: DehydratedState; readonly now: string } | null
  readonly children: ReactNode
}

/** Gives the answers that came with the document to the page below. */
export function CameWithPage({ answers, children }: CameWithPageProps) {
  // Shown again later, as with the back button: the window asks for itself.
  const [isLater] = useState(useIsHydrated())
  const brought = isLater ? null : answers
  const now = brought?.now
  const state = useMemo(() => brought && withArrival(brought.state), [brought])
  useLayoutEffect(() => {
    if (now !== undefined) noteServerTime(now, documentArrival())
  }, [now])
  const queries = useQueryClient()
  // A page that is opened again asks again.
  useEffect(
    () => () =>
      void queries.invalidateQueries({
        predicate: ({ state: { dataUpdatedAt } }) => dataUpdatedAt === documentArrival(),
        refetchType: 'none',
      }),
    [queries],
  )
  return (
    <RenderedAt value={now === undefined ? null : Date.parse(now)}>
      <HydrationBoundary state={state}>{children}</HydrationBoundary>
    </RenderedAt>
  )
}

/** The server's clock may differ from this one, by which the page compares answers and says how old they are. */
function withArrival(state: DehydratedState): DehydratedState {
  const dataUpdatedAt = documentArrival()
  return {
    ...state,
    queries: state.queries.map((query) => ({ ...query, state: { ...query.state, dataUpdatedAt } })),
  }
}
