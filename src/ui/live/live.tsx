'use client'

import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import type { LiveEvent } from '~/domain/surface/live'
import { applyEvent, readAgain } from '~/ui/live/apply-event'
import { followChanges } from '~/ui/live/follow-changes'
import { noteServerTime } from '~/ui/time/clock'
import { trpc } from '~/ui/trpc/client'
import { useLiveState } from '~/ui/trpc/live-state'

/** Keeps the page below up to date with changes at the console. */
export function Live({ person, children }: { readonly person: string; readonly children: ReactNode }) {
  const { client } = trpc.useUtils()
  const queries = useQueryClient()
  const { live, heardAt } = useLiveState()
  const lost = !live && heardAt > 0

  useEffect(() => {
    const onEvent = (event: LiveEvent): void => {
      noteServerTime(event.now)
      applyEvent(queries, event, person)
    }
    return followChanges(person, client, onEvent)
  }, [person, client, queries])

  useEffect(() => {
    if (!lost) return
    // Refetch at once, to learn whether the console is reachable and to repeat queries that failed.
    readAgain(queries)
    return () => readAgain(queries)
  }, [lost, queries])

  return children
}
