'use client'

import { focusManager } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { SurfaceTile } from '~/domain/surface/tile'
import { consoleNow, noteServerTime } from '~/ui/time/clock'
import { trpc } from '~/ui/trpc/client'
import { useLiveState } from '~/ui/trpc/live-state'

/** For this long after a deploy ended its surface is still settling: the new version and health are about to be seen. */
const SETTLING_MS = 60_000

/** Whether anything is moving, so that the grid is worth asking for even while nobody looks. */
export function isLively(tiles: readonly SurfaceTile[], now: number): boolean {
  return tiles.some(({ lastDeploy }) => {
    if (lastDeploy === null) return false
    return lastDeploy.finishedAt === null || now - Date.parse(lastDeploy.finishedAt) < SETTLING_MS
  })
}

/** While changes are not told. */
const ASK_MS = 10_000
/** While anything is on its way as well. */
const ASK_LIVELY_MS = 2_000

/**
 * The grid's one query, kept as it is by what the console tells. Where nothing is told it asks: every 10 s for whoever looks,
 * and every 2 s while anything runs or has just ended, which the title and icon of a hidden tab follow as well.
 */
export function useSurfaces() {
  const { live } = useLiveState()
  const query = trpc.surfaces.list.useQuery(undefined, {
    refetchInterval: ({ state }) => {
      if (live) return false
      if (isLively(state.data?.surfaces ?? [], consoleNow())) return ASK_LIVELY_MS
      return focusManager.isFocused() ? (state.error === null ? ASK_MS : ASK_LIVELY_MS) : false
    },
    refetchIntervalInBackground: true,
    // However fresh the last answer is: this is also what starts the polling again.
    refetchOnWindowFocus: live ? false : 'always',
  })
  const serverNow = query.data?.now
  useEffect(() => {
    if (serverNow !== undefined) noteServerTime(serverNow)
  }, [serverNow])
  return query
}
