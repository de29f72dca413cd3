'use client'

import { useEffect } from 'react'
import { runningTiles } from '~/ui/board/tiles'
import { noteServerTime } from '~/ui/time/clock'
import { trpc } from '~/ui/trpc/client'

const POLL_RUNNING_MS = 2_000
const POLL_QUIET_MS = 10_000

/** The grid's one query: every 2 s while anything runs, every 10 s otherwise, also in a background tab. */
export function useSurfaces() {
  const query = trpc.surfaces.list.useQuery(undefined, {
    refetchInterval: ({ state }) =>
      state.data === undefined || runningTiles(state.data.surfaces).length > 0 ? POLL_RUNNING_MS : POLL_QUIET_MS,
    refetchIntervalInBackground: true,
  })
  const serverNow = query.data?.now
  useEffect(() => {
    if (serverNow !== undefined) noteServerTime(serverNow)
  }, [serverNow])
  return query
}
