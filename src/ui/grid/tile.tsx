import { History } from 'lucide-react'
import { memo } from 'react'
import { HOW_A_STOP_ENDS, HOW_A_WAIT_ENDS, type SurfaceQueue } from '~/domain/deploy/queue'
import { explainHold } from '~/domain/deploy/report'
import { RETURN_VERB } from '~/domain/deploy/source'
import type { DeploySummary } from '~/domain/deploy/view'
import { inSentence } from '~/domain/foreign-text'
import { refLabel, shortSha } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { deployFreezeWords, endWords } from '~/ui/freezes/freeze-words'
import { FreezeMark, FrozenBy, FrozenByVariable, NoticeLine } from '~/ui/freezes/frozen-by'
import { type TileProps, useTileActions } from '~/ui/grid/tile-actions'
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
import { TimeAgo } from '~/ui/time/time-ago'

/**
 * One surface. Its height does not depend on what it shows, so a poll never moves its neighbours. An event changes a few
 * tiles of hundreds: without `memo` each event would render all of them.
 */
export const Tile = memo(function Tile(props: TileProps) {
  const { tile, current, isNear, onCurrent } = props
  const { running, refusal, deploy, open, onKeyDown } = useTileActions(props)
  const tab = current ? 0 : -1
  return (
    <li
      data-surface={tile.id}
      data-running={running !== null}
      onFocus={() => onCurrent(tile.id)}
      onKeyDown={onKeyDown}
      className={`relative scroll-my-16 flex h-39 min-w-0 flex-col rounded-md border bg-panel transition-colors has-[h3_button:focus-visible]:outline-2 has-[h3_button:focus-visible]:outline-offset-2 has-[h3_button:focus-visible]:outline-accent has-[h3_button:hover]:border-control ${tileProblem(tile) === null ? 'border-line' : 'border-bad'}`}
    >
      <header className="flex items-start justify-between gap-3 px-3.5 pt-3">
        <h3 className="min-w-0 text-[0.9375rem] leading-5 font-semibold">
          <TileName tile={tile} tab={tab} onOpen={open} className="block max-w-full after:rounded-md" />
        </h3>
        <HiddenFreeze tile={tile} running={running} />
        <HealthBadge health={tile.health} />
      </header>
      {(isNear || current) && (
        <>
          <TileFacts tile={tile} running={running} tab={tab} />
          <footer className="flex h-11 items-center justify-between gap-3 border-t border-line pr-1.5 pl-3.5">
            <TileNote tile={tile} running={running} tab={tab} />
            <TileControls tile={tile} running={running} refusal={refusal} tab={tab} onDeploy={deploy} />
          </footer>
        </>
      )}
    </li>
  )
})

interface TileNameProps {
  readonly tile: SurfaceTile
  readonly tab: 0 | -1
  readonly onOpen: () => void
  readonly className: string
}

/** The name, which opens the dialog, as does the rest of the tile behind its other controls. */
export function TileName({ tile, tab, onOpen, className }: TileNameProps) {
  return (
    <button
      type="button"
      tabIndex={tab}
      data-tile-focus={tile.id}
      aria-keyshortcuts="Enter d r l"
      onClick={onOpen}
      className={`truncate text-left outline-none after:absolute after:inset-0 ${className}`}
    >
      <ForeignText text={tile.name} />
      <span className="sr-only">
        , <ForeignText text={tile.environment} />
      </span>
    </button>
  )
}

interface TileControlsProps extends TileNoteProps {
  readonly refusal: string | null
  readonly onDeploy: () => void
}

/** The way to the past deploys, and the button that deploys or follows. */
export function TileControls({ tile, running, refusal, tab, onDeploy }: TileControlsProps) {
  return (
    <>
      <PageLink
        href={`/surfaces/${tile.id}`}
        tabIndex={tab}
        title="Past deploys"
        className="relative -mr-3 ml-auto flex size-8 shrink-0 print:hidden items-center justify-center rounded-[5px] text-ink-faint hover:text-ink"
      >
        <History aria-hidden="true" className="size-4" />
        <span className="sr-only">
          Past deploys of <ForeignText text={tile.name} />, <ForeignText text={tile.environment} />
        </span>
      </PageLink>
      <LockButton tile={tile} tab={tab} />
      <Button
        tabIndex={tab}
        onClick={onDeploy}
        aria-disabled={refusal !== null}
        title={refusal ?? undefined}
        className="relative min-w-20 print:hidden"
      >
        {running === null ? 'Deploy' : 'Follow'}
        <span className="sr-only">
          {' '}
          <ForeignText text={tile.name} />, <ForeignText text={tile.environment} />
          {refusal !== null && `. ${refusal}`}
        </span>
      </Button>
    </>
  )
}

/** The mark of a lock or freeze that has neither a row nor the note, because something more urgent has both. */
export function HiddenFreeze({ tile, running }: Pick<TileNoteProps, 'tile' | 'running'>) {
  const [freeze] = tile.freezes
  if (thirdRow(tile, running) === 'freeze' || wayBack(tile) === null) return null
  const words =
    tile.deployFreeze !== null
      ? deployFreezeWords(tile.repository, tile.deployFreeze)
      : freeze && `${freeze.kind}: ${inSentence(freeze.reason)} (${inSentence(freeze.by)}), ${endWords(freeze)}`
  if (words === undefined) return null
  return (
    <span role="img" aria-label={words} title={words} className="relative mt-0.5 mr-auto -ml-1.5">
      <FreezeMark kind={tile.deployFreeze === null ? (freeze?.kind ?? 'frozen') : 'frozen'} />
    </span>
  )
}

/** Who waits is in the dialog of the deploy ahead. */
const queueWords = ({ queue: { waiting } }: SurfaceTile) => `${waiting.length} queued`

/** Why nothing of the queue starts although the surface is free; null if something does, or nothing waits. */
function heldQueue({
  stop,
  wait,
  continueAfter,
}: SurfaceQueue): { readonly words: string; readonly why: string } | null {
  if (stop !== null) return { words: 'queue stopped', why: `${stop.why} The queue has stopped. ${HOW_A_STOP_ENDS}` }
  if (wait === null) return null
  return { words: 'queue waits', why: continueAfter === null ? wait : `${wait} ${HOW_A_WAIT_ENDS}` }
}

export interface TileNoteProps {
  /** Shows the way back in one line instead of two. */
  readonly oneLine?: boolean
  readonly tile: SurfaceTile
  readonly running: DeploySummary | null
  readonly tab: 0 | -1
}

/**
 * The note beside the button, in this order: the rollback that a problem calls for, a queue that has stopped or waits, a hold or a freeze that has no row,
 * a notice, the running deploy's requester, the surface's id.
 */
export function TileNote({ tile, running, tab, oneLine = false }: TileNoteProps) {
  const [freeze] = tile.freezes
  const back = wayBack(tile)
  const held = heldQueue(tile.queue)
  const mayDeploy = useRefusal('deploy.dispatch', tile.environment) === null
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-xs text-ink-faint">
      {running !== null && tile.queue.waiting.length > 0 && (
        <span className="shrink-0 font-medium text-ink-soft">{queueWords(tile)}</span>
      )}
      {tile.archived ? (
        <span className="truncate font-medium text-warn">removed from surfaces.yaml</span>
      ) : back !== null && mayDeploy ? (
        <PageLink
          href={wayBackAddress(tile.id, back)}
          tabIndex={tab}
          title={`Deployed ${exactUtc(back.finishedAt)}${back.healthyAt === null ? '' : `, last seen healthy ${exactUtc(back.healthyAt)}`}`}
          className={`group relative flex min-w-0 text-ink-faint ${oneLine ? 'gap-1.5 text-sm' : 'flex-col leading-4'}`}
        >
          <span className="truncate font-medium text-ink underline decoration-control underline-offset-[3px] group-hover:decoration-current">
            {RETURN_VERB} <span className="font-mono">{shortSha(back.sha)}</span>
          </span>
          <span className="truncate">
            {held !== null && `${held.words} · `}
            {back.healthyAt === null ? 'deployed' : 'healthy'} <TimeAgo at={back.healthyAt ?? back.finishedAt} />
          </span>
        </PageLink>
      ) : held !== null && tile.lastDeploy !== null ? (
        <PageLink
          href={`/?deploy=${tile.queue.stop?.deployId ?? tile.lastDeploy.id}`}
          tabIndex={tab}
          title={`${queueWords(tile)}. ${held.why}`}
          className={`relative truncate font-medium underline decoration-control underline-offset-[3px] ${tile.queue.stop === null ? 'text-ink-soft' : 'text-warn'}`}
        >
          {held.words}
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
