'use client'

import { focusManager } from '@tanstack/react-query'
import { useEffect } from 'react'
import { isLively } from '~/ui/board/tiles'
import { consoleNow, noteServerTime } from '~/ui/time/clock'
import { trpc } from '~/ui/trpc/client'

const POLL_MS = 2_000

/**
 * The grid's one query, every 2 s for whoever looks. A hidden tab asks only while anything runs or has just ended, which
 * its title and icon follow; otherwise it rests until it is looked at again.
 */
export function useSurfaces() {
  const query = trpc.surfaces.list.useQuery(undefined, {
    refetchInterval: ({ state }) =>
      focusManager.isFocused() || isLively(state.data?.surfaces ?? [], consoleNow()) ? POLL_MS : false,
    refetchIntervalInBackground: true,
    // However fresh the last answer is: this is also what starts the polling again.
    refetchOnWindowFocus: 'always',
  })
  const serverNow = query.data?.now
  useEffect(() => {
    if (serverNow !== undefined) noteServerTime(serverNow)
  }, [serverNow])
  return query
}
