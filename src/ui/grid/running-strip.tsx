import { TriangleAlert } from 'lucide-react'
import type { SurfaceTile } from '~/domain/surface/tile'
import { MiniPhases } from '~/ui/grid/mini-phases'
import { groupByEnvironment, hasNamesake, runningTiles, tileProblem } from '~/ui/grid/tiles'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { useSeenTitle } from '~/ui/time/stopped-clock'

interface RunningStripProps {
  readonly tiles: readonly SurfaceTile[]
  readonly onOpen: (deployId: string) => void
  readonly onShow: (surfaceId: string) => void
}

/**
 * Running deploys and problems, whatever the filter hides. The height never changes: a deploy that somebody else starts
 * must not move a button from under a pointer.
 */
export function RunningStrip({ tiles, onOpen, onShow }: RunningStripProps) {
  const seen = useSeenTitle()
  const running = runningTiles(tiles)
  return (
    <section aria-label="Now" title={seen} className="flex flex-wrap items-center gap-x-4 px-4 text-sm sm:flex-nowrap">
      <h2 className="flex h-11 shrink-0 items-center font-semibold">
        Running
        <span className="ml-1.5 font-normal text-ink-faint tabular-nums">{running.length}</span>
      </h2>
      {running.length === 0 ? (
        <p className="order-last flex h-11 w-full items-center text-ink-faint sm:order-none sm:w-auto sm:flex-1">
          Nothing is running now
        </p>
      ) : (
        <ul className="order-last -mx-1 flex h-11 w-full items-center gap-2 overflow-x-auto px-1 sm:order-none sm:w-auto sm:flex-1">
          {running.map(({ tile, deploy }) => (
            <li
              key={deploy.id}
              className="relative flex h-8 max-w-full shrink-0 items-center gap-2.5 rounded-[5px] border border-line px-2.5 hover:border-control"
            >
              <button
                type="button"
                onClick={() => onOpen(deploy.id)}
                className="font-medium whitespace-nowrap after:absolute after:inset-0 after:rounded-[5px] focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-accent"
              >
                <span className="sr-only">Follow </span>
                <ForeignText text={tile.name} />
                <span className={hasNamesake(tile, tiles) ? 'font-normal text-ink-faint' : 'sr-only'}>
                  {' '}
                  <ForeignText text={tile.environment} />
                </span>
              </button>
              <MiniPhases deploy={deploy} short />
            </li>
          ))}
        </ul>
      )}
      <Problems tiles={tiles} onShow={onShow} />
    </section>
  )
}

const NAMED = 2

interface ProblemsProps {
  readonly tiles: readonly SurfaceTile[]
  readonly onShow: (surfaceId: string) => void
}

/** Surfaces with a problem or an alarm, production first. Each name leads to the tile. */
export function Problems({ tiles, onShow }: ProblemsProps) {
  const wrong = groupByEnvironment(tiles).flatMap((group) => group.tiles.filter((tile) => tileProblem(tile) !== null))
  if (wrong.length === 0) {
    const unchecked = tiles.filter(({ health }) => health.state === 'unknown').length
    return (
      <p className="ml-auto shrink-0 text-ink-faint">
        {unchecked === 0 ? 'No known problems' : `${unchecked} ${unchecked === 1 ? 'surface' : 'surfaces'} not checked`}
      </p>
    )
  }
  return (
    <p className="ml-auto flex min-w-0 items-center gap-1.5 text-ink-soft">
      <TriangleAlert aria-hidden="true" className="size-4 shrink-0 text-bad" />
      <span className="truncate">
        {wrong.slice(0, NAMED).map((tile, index) => (
          <span key={tile.id}>
            {index > 0 && ', '}
            <button
              type="button"
              onClick={() => onShow(tile.id)}
              className="font-medium text-bad underline decoration-1 underline-offset-[3px]"
            >
              <ForeignText text={tile.name} />
              <span className={hasNamesake(tile, tiles) ? '' : 'sr-only'}>
                {' '}
                <ForeignText text={tile.environment} />
              </span>
            </button>{' '}
            {tileProblem(tile)}
          </span>
        ))}
        {wrong.length > NAMED && `, and ${wrong.length - NAMED} more`}
      </span>
    </p>
  )
}
