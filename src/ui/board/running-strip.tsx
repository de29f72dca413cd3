import type { SurfaceTile } from '~/domain/surface/tile'
import { MiniPhases } from '~/ui/board/mini-phases'
import { Problems } from '~/ui/board/problems'
import { hasNamesake, runningTiles } from '~/ui/board/tiles'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { useSeenTitle } from '~/ui/time/stopped-clock'

interface RunningStripProps {
  readonly tiles: readonly SurfaceTile[]
  readonly onOpen: (deployId: string) => void
  readonly onShow: (surfaceId: string) => void
}

/**
 * Above the grid: what is running now and what is wrong, whatever the filter hides. Its height never changes: a deploy
 * that somebody else starts must not move a button from under a pointer.
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
                className="font-medium after:absolute after:inset-0 after:rounded-[5px] focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-accent"
              >
                <span className="sr-only">Follow </span>
                <ForeignText text={tile.name} />
                <span className={hasNamesake(tile, tiles) ? 'font-normal text-ink-faint' : 'sr-only'}>
                  {' '}
                  <ForeignText text={tile.environment} />
                </span>
              </button>
              <MiniPhases deploy={deploy} />
            </li>
          ))}
        </ul>
      )}
      <Problems tiles={tiles} onShow={onShow} />
    </section>
  )
}
