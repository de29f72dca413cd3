'use client'

import { useQueryClient } from '@tanstack/react-query'
import { getQueryKey } from '@trpc/react-query'
import { type ReactNode, useCallback, useEffect } from 'react'
import type { LiveEvent } from '~/domain/live'
import type { SurfaceTile } from '~/domain/surface'
import { followChanges } from '~/ui/live/follow-changes'
import { useLiveState } from '~/ui/live/live-state'
import { noteServerTime } from '~/ui/time/clock'
import { trpc } from '~/ui/trpc/client'

/** What the page below shows follows what changes at the console, for this person. */
export function Live({ person, children }: { readonly person: string; readonly children: ReactNode }) {
  const utils = trpc.useUtils()
  const queryClient = useQueryClient()
  const { live, heardAt } = useLiveState()
  const lost = !live && heardAt > 0

  const askAgain = useCallback(() => {
    void utils.surfaces.list.invalidate()
    void utils.deploys.get.invalidate()
    void utils.deploys.list.invalidate()
    void utils.approvals.invalidate()
    void utils.freezes.invalidate()
  }, [utils])

  useEffect(() => {
    const onEvent = (event: LiveEvent): void => {
      noteServerTime(event.now)
      if (event.reload) {
        askAgain()
        return
      }
      for (const id of event.deploys) void utils.deploys.get.invalidate({ id })
      if (event.deploys.length > 0) void utils.deploys.list.invalidate()
      if (event.approvals.length > 0) void utils.approvals.invalidate()
      if (event.freezes) void utils.freezes.invalidate()
      // An answer that is on its way may be older than this, and would take its place.
      if (queryClient.isFetching({ queryKey: getQueryKey(trpc.surfaces.list) }) > 0)
        void utils.surfaces.list.invalidate()
      else
        utils.surfaces.list.setData(
          undefined,
          (grid) => grid && { surfaces: withNews(grid.surfaces, event), now: event.now },
        )
    }
    return followChanges(person, utils.client, onEvent)
  }, [person, utils, queryClient, askAgain])

  useEffect(() => {
    if (!lost) return
    // Whether the console can be reached at all is found out at once; and what failed meanwhile is not left as it was.
    askAgain()
    return askAgain
  }, [lost, askAgain])

  return children
}

function withNews(tiles: readonly SurfaceTile[], { tiles: changed, checked }: LiveEvent): SurfaceTile[] {
  const news = new Map(changed.map((tile) => [tile.id, tile]))
  const looks = new Map(checked.map((look) => [look.id, look]))
  return tiles.map((before) => {
    const tile = news.get(before.id) ?? before
    const look = looks.get(tile.id)
    if (look === undefined) return tile
    const { seenAt } = look
    return {
      ...tile,
      health: { ...tile.health, checkedAt: look.checkedAt },
      version: tile.version === null || seenAt === null ? tile.version : { ...tile.version, seenAt },
    }
  })
}
