'use client'

import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { SurfaceTile } from '~/domain/surface/tile'
import { useDeploy } from '~/ui/deploy-modal/follow/use-deploy'
import { DRAFT_PREFIX, useTarget } from '~/ui/deploy-modal/frame/target'
import { ApprovalStrip } from '~/ui/grid/approval-strip'
import { FreezeStrip, NoWorker, SilentWebhooks } from '~/ui/grid/freeze-strip'
import { GridFilter } from '~/ui/grid/grid-filter'
import { GridSkeleton } from '~/ui/grid/grid-skeleton'
import { TILES_AT_MOST, useGridView, ViewChoice } from '~/ui/grid/grid-view'
import { OwnRequestsStrip } from '~/ui/grid/own-requests-strip'
import { RunningStrip } from '~/ui/grid/running-strip'
import { TileGroup } from '~/ui/grid/tile-group'
import { groupByEnvironment, matchesFilter, runningTiles } from '~/ui/grid/tiles'
import { useRovingTiles } from '~/ui/grid/use-roving-tiles'
import { isShortcut } from '~/ui/preferences/single-keys'
import { Kbd } from '~/ui/primitives/kbd'
import { late } from '~/ui/primitives/late'
import { useMember } from '~/ui/shell/member'
import { PageFrame } from '~/ui/shell/page-frame'
import { gridAnnouncement } from '~/ui/status/announcements'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { useSurfaces } from '~/ui/surfaces/use-surfaces'
import { tabFace, useTabFace } from '~/ui/tab/tab-face'
import { StoppedClock } from '~/ui/time/stopped-clock'

const DeployModal = late(async () => (await import('~/ui/deploy-modal/deploy-modal')).DeployModal)

const NO_TILES: readonly SurfaceTile[] = []

type LastGood = NonNullable<SurfaceTile['lastGood']>

/** The grid, and the modal that opens on it. */
export function SurfaceGrid() {
  const surfaces = useSurfaces()
  const address = useTarget()
  const { target, open } = address
  const keepsDrafts = useKeptDrafts()
  const reader = useMember()?.email ?? ''
  const { grid, current, setCurrent, focusTile, onKeyDown } = useRovingTiles()
  const [filter, setFilter] = useState('')
  const { choose, collapsed, collapse, ...kept } = useGridView()
  const filterRef = useRef<HTMLInputElement>(null)
  useFilterKey(filterRef, target === null)

  const tiles = surfaces.data?.surfaces ?? NO_TILES
  const view = kept.view ?? (tiles.length > TILES_AT_MOST ? 'list' : 'tiles')
  // A key that moves the focus renders the grid, and changes none of them.
  const groups = useMemo(
    () => groupByEnvironment(tiles.filter((tile) => filter === '' || matchesFilter(tile, filter))),
    [tiles, filter],
  )
  const inReadingOrder = groups.flatMap((group) =>
    filter === '' && collapsed.has(group.environment) ? [] : group.tiles,
  )
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
  const onReturn = useCallback(
    (surfaceId: string, { sha, deployId }: LastGood) =>
      open({ kind: 'new', surfaceId, ref: sha, source: { kind: 'rollback', deployId } }),
    [open],
  )
  const showTile = (surfaceId: string) => {
    setFilter('')
    const environment = tiles.find(({ id }) => id === surfaceId)?.environment
    if (environment !== undefined) collapse(environment, false)
    requestAnimationFrame(() => focusTile(surfaceId))
  }

  return (
    <StoppedClock of={surfaces}>
      <PageFrame
        title="Surfaces"
        aside={
          <div className="flex w-full items-center gap-2 sm:w-auto">
            <GridFilter
              filter={filter}
              onFilter={setFilter}
              filterRef={filterRef}
              onLeaveFilter={() => reachable !== null && focusTile(reachable)}
            />
            <ViewChoice view={view} onChoose={choose} />
          </div>
        }
      >
        {surfaces.isError && !openedDeploy.isError && (
          <div className="fixed inset-x-4 bottom-4 z-10 mx-auto max-w-xl">
            <ConnectionNotice error={surfaces.error} updatedAt={surfaces.dataUpdatedAt} />
          </div>
        )}
        {surfaces.data === undefined ? (
          <GridSkeleton />
        ) : tiles.length === 0 ? (
          <EmptyGrid />
        ) : (
          <>
            <div className="rounded-md border border-line bg-panel">
              <RunningStrip tiles={tiles} onOpen={onOpen} onShow={showTile} />
              <FreezeStrip tiles={tiles} />
            </div>
            <NoWorker worker={surfaces.data.worker} now={surfaces.data.now} />
            <SilentWebhooks repositories={surfaces.data.silent} />
            <ApprovalStrip tiles={tiles} onOpen={(approvalId) => open({ kind: 'approval', approvalId })} />
            <OwnRequestsStrip tiles={tiles} ended={surfaces.data.ended} reader={reader} />
            <section ref={grid} aria-label="Surfaces" onKeyDown={onKeyDown} className="mt-6 flex flex-col gap-7">
              {groups.map((group) => (
                <TileGroup
                  key={group.environment}
                  group={group}
                  view={view}
                  collapsed={filter === '' && collapsed.has(group.environment)}
                  onCollapse={collapse}
                  current={reachable}
                  onCurrent={setCurrent}
                  onDeploy={onDeploy}
                  onOpen={onOpen}
                  onReturn={onReturn}
                />
              ))}
            </section>
            {groups.length === 0 && (
              <p className="text-ink-soft">No surface matches “{filter}”. Escape in the filter clears it.</p>
            )}
            <GridAnnouncer tiles={tiles} />
            <KeyHints />
          </>
        )}
      </PageFrame>
      <DeployModal
        needed={target !== null || keepsDrafts}
        address={address}
        tiles={tiles}
        loading={surfaces.data === undefined}
      />
    </StoppedClock>
  )
}

/** Whether this window keeps a draft. It may be another member's, which the dialog's code discards at once. */
function useKeptDrafts(): boolean {
  const [found, setFound] = useState(false)
  useEffect(() => {
    try {
      setFound(Object.keys(window.sessionStorage).some((name) => name.startsWith(DRAFT_PREFIX)))
    } catch {
      // The browser stores nothing for this page.
    }
  }, [])
  return found
}

/** Announces changes on the grid to screen readers. An open dialog hides it with the rest of the page. */
function GridAnnouncer({ tiles }: { readonly tiles: readonly SurfaceTile[] }) {
  const before = useRef(tiles)
  const [text, setText] = useState('')
  useEffect(() => {
    const sentences = gridAnnouncement(before.current, tiles)
    before.current = tiles
    if (sentences !== '') setText(sentences)
  }, [tiles])
  return (
    <p role="status" className="sr-only">
      {text}
    </p>
  )
}

/** Explains how to declare the first surface. */
function EmptyGrid() {
  return (
    <section className="rounded-md border border-line bg-panel px-6 py-8">
      <h2 className="text-base font-semibold">No surfaces yet</h2>
      <p className="mt-1 max-w-prose text-ink-soft">
        A surface is something you deploy: a service, a site, an app. Declare each one in{' '}
        <code className="font-mono text-[0.8125rem] text-ink">surfaces.yaml</code>, then run{' '}
        <code className="font-mono text-[0.8125rem] text-ink">npm run console -- surfaces apply</code>.
      </p>
      <pre className="mt-4 max-w-prose rounded-[5px] bg-well px-4 py-3 font-mono text-xs leading-5 break-words whitespace-pre-wrap text-ink-soft">
        {`surfaces:
  - id: api-prod
    name: API
    environment: production
    repository: acme/platform
    workflow: deploy-heroku.yml
    ref: main
    url: https://api.example.com
    health_url: https://api.example.com/health`}
      </pre>
    </section>
  )
}

const HINTS = [
  { keys: ['/'], does: 'filter' },
  { keys: ['←', '↑', '↓', '→'], does: 'move between tiles' },
  { keys: ['d'], does: 'deploy' },
  { keys: ['r'], does: 'roll back' },
  { keys: ['l'], does: 'lock' },
  { keys: ['?'], does: 'all keys' },
]

/** The keyboard shortcuts. Hidden on touch screens. */
function KeyHints() {
  return (
    <ul
      aria-label="Keyboard"
      className="mt-8 flex flex-wrap gap-x-5 gap-y-2 text-xs text-ink-faint pointer-coarse:hidden print:hidden"
    >
      {HINTS.map(({ keys, does }) => (
        <li key={does} className="flex items-center gap-1">
          {keys.map((key) => (
            <Kbd key={key}>{key}</Kbd>
          ))}
          <span className="ml-1">{does}</span>
        </li>
      ))}
    </ul>
  )
}

/** `/` moves the focus to the filter, except from a text field or behind an open dialog. */
function useFilterKey(filter: RefObject<HTMLInputElement | null>, enabled: boolean): void {
  useEffect(() => {
    if (!enabled) return
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== '/' || !isShortcut(event)) return
      event.preventDefault()
      filter.current?.focus()
      filter.current?.select()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [filter, enabled])
}
