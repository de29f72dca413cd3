'use client'

import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import type { LiveEvent } from '~/domain/surface/live'
import { applyEvent, readAgain } from '~/ui/live/apply-event'
import { followChanges } from '~/ui/live/follow-changes'
import { noteServerTime } from '~/ui/time/clock'
import { trpc } from '~/ui/trpc/client'
import { useLiveState } from '~/ui/trpc/live-state'

/** What the page below shows follows what changes at the console, for this person. */
export function Live({ person, children }: { readonly person: string; readonly children: ReactNode }) {
  const { client } = trpc.useUtils()
  const queries = useQueryClient()
  const { live, heardAt } = useLiveState()
  const lost = !live && heardAt > 0

  useEffect(() => {
    const onEvent = (event: LiveEvent): void => {
      noteServerTime(event.now)
      applyEvent(queries, event)
    }
    return followChanges(person, client, onEvent)
  }, [person, client, queries])

  useEffect(() => {
    if (!lost) return
    // Whether the console can be reached at all is found out at once; and what failed meanwhile is not left as it was.
    readAgain(queries)
    return () => readAgain(queries)
  }, [lost, queries])

  return children
}
