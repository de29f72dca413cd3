'use client'

import { useCallback, useRef, useState } from 'react'
import { ApprovalStrip } from '~/ui/board/approval-strip'
import { BoardAnnouncer } from '~/ui/board/board-announcer'
import { GridSkeleton } from '~/ui/board/board-skeleton'
import { EmptyBoard } from '~/ui/board/empty-board'
import { FreezeStrip } from '~/ui/board/freeze-strip'
import { KeyHints } from '~/ui/board/key-hints'
import { RunningStrip } from '~/ui/board/running-strip'
import { SandboxBanner } from '~/ui/board/sandbox-banner'
import { SilentWebhooks } from '~/ui/board/silent-webhooks'
import { TileGroup } from '~/ui/board/tile-group'
import { groupByEnvironment, matchesFilter, runningTiles } from '~/ui/board/tiles'
import { TopBar } from '~/ui/board/top-bar'
import { useFilterKey } from '~/ui/board/use-filter-key'
import { useRovingTiles } from '~/ui/board/use-roving-tiles'
import { DeployModal } from '~/ui/deploy-modal/deploy-modal'
import { useDeploy } from '~/ui/deploy-modal/follow/use-deploy'
import { useTarget } from '~/ui/deploy-modal/frame/use-target'
import { DiscardedDrafts } from '~/ui/deploy-modal/new-deploy/discarded-drafts'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { useSurfaces } from '~/ui/surfaces/use-surfaces'
import { tabFace } from '~/ui/tab/tab-face'
import { useTabFace } from '~/ui/tab/use-tab-face'
import { StoppedClock } from '~/ui/time/stopped-clock'

interface BoardProps {
  /** Known to the server before the first poll, so that no banner pushes the page down afterwards. */
  readonly sandbox: { readonly url: string } | null
}

/** The grid, and the modal that opens on it. */
export function Board({ sandbox }: BoardProps) {
  const surfaces = useSurfaces()
  const address = useTarget()
  const { target, open, close } = address
  const { grid, current, setCurrent, focusTile, onKeyDown } = useRovingTiles()
  const [filter, setFilter] = useState('')
  const filterRef = useRef<HTMLInputElement>(null)
  useFilterKey(filterRef, target === null)

  const tiles = surfaces.data?.surfaces ?? []
  const shown = tiles.filter((tile) => matchesFilter(tile, filter))
  const groups = groupByEnvironment(shown)
  const inReadingOrder = groups.flatMap((group) => group.tiles)
  const reachable = inReadingOrder.some((tile) => tile.id === current) ? current : (inReadingOrder[0]?.id ?? null)

  const openedDeploy = useDeploy(target?.kind === 'deploy' ? target.deployId : null)
  const opened = openedDeploy.data
  useTabFace(
    tabFace(
      opened === undefined ? null : { surface: opened.surface.id, deploy: opened },
      runningTiles(tiles).map(({ tile, deploy }) => ({ surface: tile.id, deploy })),
    ),
  )

  const onDeploy = useCallback((surfaceId: string) => open({ kind: 'new', surfaceId, ref: null }), [open])
  const onOpen = useCallback((deployId: string) => open({ kind: 'deploy', deployId }), [open])
  const showTile = (surfaceId: string) => {
    setFilter('')
    requestAnimationFrame(() => focusTile(surfaceId))
  }

  return (
    <StoppedClock of={surfaces}>
      {sandbox !== null && <SandboxBanner url={sandbox.url} />}
      <main className="mx-auto max-w-[80rem] px-4 pb-16 sm:px-6">
        <TopBar
          filter={filter}
          onFilter={setFilter}
          filterRef={filterRef}
          onLeaveFilter={() => reachable !== null && focusTile(reachable)}
        />
        {surfaces.isError && !openedDeploy.isError && (
          <div className="fixed inset-x-4 bottom-4 z-10 mx-auto max-w-xl">
            <ConnectionNotice error={surfaces.error} updatedAt={surfaces.dataUpdatedAt} />
          </div>
        )}
        {surfaces.data === undefined ? (
          <GridSkeleton />
        ) : tiles.length === 0 ? (
          <EmptyBoard />
        ) : (
          <>
            <div className="rounded-md border border-line bg-panel">
              <RunningStrip tiles={tiles} onOpen={onOpen} onShow={showTile} />
              <FreezeStrip tiles={tiles} />
            </div>
            <SilentWebhooks repositories={surfaces.data.silent} />
            <ApprovalStrip tiles={tiles} onOpen={(approvalId) => open({ kind: 'approval', approvalId })} />
            <section ref={grid} aria-label="Surfaces" onKeyDown={onKeyDown} className="mt-6 flex flex-col gap-7">
              {groups.map((group) => (
                <TileGroup
                  key={group.environment}
                  group={group}
                  current={reachable}
                  onCurrent={setCurrent}
                  onDeploy={onDeploy}
                  onOpen={onOpen}
                />
              ))}
            </section>
            {shown.length === 0 && (
              <p className="text-ink-soft">No surface matches “{filter}”. Escape in the filter clears it.</p>
            )}
            <BoardAnnouncer tiles={tiles} />
            <KeyHints />
          </>
        )}
      </main>
      <DiscardedDrafts onDiscarded={close} />
      <DeployModal address={address} tiles={tiles} loading={surfaces.data === undefined} />
    </StoppedClock>
  )
}
