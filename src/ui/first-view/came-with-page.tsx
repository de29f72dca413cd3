'use client'

import { type DehydratedState, HydrationBoundary } from '@tanstack/react-query'
import { type ReactNode, useLayoutEffect, useMemo } from 'react'
import { documentArrival } from '~/ui/first-view/document-arrival'
import { noteServerTime } from '~/ui/time/clock'
import { RenderedAt } from '~/ui/time/use-now'

interface CameWithPageProps {
  /** Null: the page brought nothing, and the window asks for itself. */
  readonly answers: { readonly state: DehydratedState; readonly now: string } | null
  readonly children: ReactNode
}

/** Gives the answers that came with the document to the page below. */
export function CameWithPage({ answers, children }: CameWithPageProps) {
  const now = answers?.now
  const state = useMemo(() => answers && withArrival(answers.state), [answers])
  useLayoutEffect(() => {
    if (now !== undefined) noteServerTime(now, documentArrival())
  }, [now])
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
