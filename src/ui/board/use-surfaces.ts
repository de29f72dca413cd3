'use client'

import { useEffect } from 'react'
import { isLively } from '~/ui/board/tiles'
import { consoleNow, noteServerTime } from '~/ui/time/clock'
import { trpc } from '~/ui/trpc/client'

const POLL_LIVELY_MS = 2_000
const POLL_QUIET_MS = 10_000

/** The grid's one query: every 2 s while anything runs or has just ended, every 10 s otherwise, also in a background tab. */
export function useSurfaces() {
  const query = trpc.surfaces.list.useQuery(undefined, {
    refetchInterval: ({ state }) =>
      state.data === undefined || isLively(state.data.surfaces, consoleNow()) ? POLL_LIVELY_MS : POLL_QUIET_MS,
    refetchIntervalInBackground: true,
  })
  const serverNow = query.data?.now
  useEffect(() => {
    if (serverNow !== undefined) noteServerTime(serverNow)
  }, [serverNow])
  return query
}
