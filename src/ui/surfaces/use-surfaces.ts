'use client'

import { focusManager } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { SurfaceTile } from '~/domain/surface/tile'
import { consoleNow, noteServerTime } from '~/ui/time/clock'
import { trpc } from '~/ui/trpc/client'
import { useLiveState } from '~/ui/trpc/live-state'

/** After a deploy ends, its new version and health are expected within this time. */
const SETTLING_MS = 60_000

/** Whether a deploy is running or has just ended, so that a hidden window polls too. */
export function isLively(tiles: readonly SurfaceTile[], now: number): boolean {
  return tiles.some(({ lastDeploy }) => {
    if (lastDeploy === null) return false
    return lastDeploy.finishedAt === null || now - Date.parse(lastDeploy.finishedAt) < SETTLING_MS
  })
}

/** Without live updates. */
const ASK_MS = 10_000
/** Without live updates, while a deploy is running or has just ended. */
const ASK_LIVELY_MS = 2_000

/**
 * The grid's one query, kept up to date by live events. Without live events it polls: every 10 s in a visible window, and
 * every 2 s in any window while a deploy is running or has just ended.
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
    // However recent the last answer is: this also restarts polling.
    refetchOnWindowFocus: live ? false : 'always',
  })
  const serverNow = query.data?.now
  const arrived = useRef(0)
  arrived.current = query.dataUpdatedAt
  // A 304 brings the earlier answer again, with its earlier time: only a new time says anything about the clock.
  useEffect(() => {
    if (serverNow !== undefined) noteServerTime(serverNow, arrived.current)
  }, [serverNow])
  return query
}
