import { History } from 'lucide-react'
import { type KeyboardEvent, memo } from 'react'
import { explainHold } from '~/domain/deploy/report'
import { RETURN_VERB } from '~/domain/deploy/source'
import type { DeploySummary } from '~/domain/deploy/view'
import { refLabel, shortSha } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { FrozenBy, FrozenByVariable, NoticeLine } from '~/ui/freezes/frozen-by'
import { TileFacts, thirdRow } from '~/ui/grid/tile-facts'
import { tileProblem } from '~/ui/grid/tiles'
import { LockButton } from '~/ui/locks/lock-button'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { PageLink } from '~/ui/primitives/links'
import { useRefusal } from '~/ui/shell/member'
import { HealthBadge } from '~/ui/status/health-badge'
import { wayBack, wayBackAddress } from '~/ui/surfaces/way-back'
import { exactUtc } from '~/ui/time/relative-time'

export interface TileActions {
  /** Opens a new deploy of this surface. */
  readonly onDeploy: (surfaceId: string) => void
  /** Opens an existing deploy, running or ended. */
  readonly onOpen: (deployId: string) => void
}

interface TileProps extends TileActions {
  readonly tile: SurfaceTile
  /** The one tile whose controls Tab reaches; the arrows move it. */
  readonly current: boolean
  readonly onCurrent: (surfaceId: string) => void
}

/**
 * One surface. Its height does not depend on what it shows, so a poll never moves its neighbours. An event changes a few
 * tiles of hundreds: without `memo` each event would render all of them.
 */
export const Tile = memo(function Tile({ tile, current, onCurrent, onDeploy, onOpen }: TileProps) {
  const running = tile.lastDeploy !== null && !tile.lastDeploy.terminal ? tile.lastDeploy : null
  const tab = current ? 0 : -1
  const notAllowed = useRefusal('deploy.dispatch', tile.environment)
  const refusal = tile.archived ? 'No longer declared in surfaces.yaml' : notAllowed
  const refused = running === null && refusal !== null
  const deploy = () => {
    if (running !== null) onOpen(running.id)
    else if (!refused) onDeploy(tile.id)
  }
  const open = () => (tile.lastDeploy === null ? onDeploy(tile.id) : onOpen(tile.lastDeploy.id))
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'd' || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    deploy()
  }
  return (
    <li
      data-surface={tile.id}
      data-running={running !== null}
      onFocus={() => onCurrent(tile.id)}
      onKeyDown={onKeyDown}
      className={`relative flex h-39 min-w-0 flex-col rounded-md border bg-panel transition-colors has-[h3_button:focus-visible]:outline-2 has-[h3_button:focus-visible]:outline-offset-2 has-[h3_button:focus-visible]:outline-accent has-[h3_button:hover]:border-control ${tileProblem(tile) === null ? 'border-line' : 'border-bad'}`}
    >
      <header className="flex items-start justify-between gap-3 px-3.5 pt-3">
        <h3 className="min-w-0 text-[0.9375rem] leading-5 font-semibold">
          <button
            type="button"
            tabIndex={tab}
            data-tile-focus={tile.id}
            aria-keyshortcuts="Enter d"
            onClick={open}
            className="block max-w-full truncate text-left outline-none after:absolute after:inset-0 after:rounded-md"
          >
            <ForeignText text={tile.name} />
            <span className="sr-only">
              , <ForeignText text={tile.environment} />
            </span>
          </button>
        </h3>
        <HealthBadge health={tile.health} />
      </header>
      <TileFacts tile={tile} running={running} tab={tab} />
      <footer className="flex h-11 items-center justify-between gap-3 border-t border-line pr-1.5 pl-3.5">
        <TileNote tile={tile} running={running} tab={tab} />
        <PageLink
          href={`/surfaces/${tile.id}`}
          tabIndex={tab}
          title="Past deploys"
          className="relative -mr-3 ml-auto flex size-8 shrink-0 items-center justify-center rounded-[5px] text-ink-faint hover:text-ink"
        >
          <History aria-hidden="true" className="size-4" />
          <span className="sr-only">
            Past deploys of <ForeignText text={tile.name} />, <ForeignText text={tile.environment} />
          </span>
        </PageLink>
        <LockButton tile={tile} tab={tab} />
        <Button
          tabIndex={tab}
          onClick={deploy}
          aria-disabled={refused}
          title={refused ? refusal : undefined}
          className="relative min-w-20"
        >
          {running === null ? 'Deploy' : 'Follow'}
          <span className="sr-only">
            {' '}
            <ForeignText text={tile.name} />, <ForeignText text={tile.environment} />
            {refused && `. ${refusal}`}
          </span>
        </Button>
      </footer>
    </li>
  )
})

interface TileNoteProps {
  readonly tile: SurfaceTile
  readonly running: DeploySummary | null
  readonly tab: 0 | -1
}

/**
 * The note beside the button, in this order: the rollback that a problem calls for, a hold or a freeze that has no row,
 * a notice, the running deploy's requester, the surface's id.
 */
function TileNote({ tile, running, tab }: TileNoteProps) {
  const [freeze] = tile.freezes
  const back = wayBack(tile)
  const mayDeploy = useRefusal('deploy.dispatch', tile.environment) === null
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-xs text-ink-faint">
      {tile.archived ? (
        <span className="truncate font-medium text-warn">removed from surfaces.yaml</span>
      ) : back !== null && mayDeploy ? (
        <PageLink
          href={wayBackAddress(tile.id, back)}
          tabIndex={tab}
          title={`Deployed ${exactUtc(back.finishedAt)}`}
          className="relative truncate text-ink-soft underline decoration-line underline-offset-[3px] hover:decoration-current"
        >
          {RETURN_VERB} <span className="font-mono">{shortSha(back.sha)}</span>
        </PageLink>
      ) : tile.held !== null && thirdRow(tile, running) !== 'held' ? (
        <span className="truncate text-warn" title={explainHold(tile.name, tile.held.runId)}>
          {tile.held.runId === null ? 'held: no run was seen' : `held by run ${tile.held.runId}`}
        </span>
      ) : tile.deployFreeze !== null && thirdRow(tile, running) !== 'freeze' ? (
        <>
          <span className="sr-only">frozen: </span>
          <FrozenByVariable repository={tile.repository} freeze={tile.deployFreeze} />
        </>
      ) : freeze !== undefined && thirdRow(tile, running) !== 'freeze' ? (
        <>
          <span className="sr-only">{freeze.kind}: </span>
          <FrozenBy freeze={freeze} />
        </>
      ) : tile.notice !== null ? (
        <>
          <span className="sr-only">notice: </span>
          <NoticeLine notice={tile.notice} />
        </>
      ) : running === null ? (
        <span title={`${tile.repository}, ${tile.workflow}`} className="truncate font-mono">
          {tile.id}
        </span>
      ) : (
        <span className="truncate">
          <ForeignText text={running.ref === running.sha ? shortSha(running.ref) : refLabel(running.ref)} /> ·{' '}
          <ForeignText text={running.requestedBy} />
        </span>
      )}
    </span>
  )
}
