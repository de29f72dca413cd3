import type { SurfaceTile } from '~/domain/surface'
import { MiniPhases } from '~/ui/board/mini-phases'
import { runningTiles } from '~/ui/board/tiles'
import { Sha } from '~/ui/primitives/sha'
import { healthWord, isWrong } from '~/ui/status/health-badge'

interface RunningStripProps {
  readonly tiles: readonly SurfaceTile[]
  readonly onOpen: (deployId: string) => void
  readonly onShow: (surfaceId: string) => void
}

/** Above the grid: what is running now and what is wrong, in one place whatever the filter hides. */
export function RunningStrip({ tiles, onOpen, onShow }: RunningStripProps) {
  const running = runningTiles(tiles)
  const wrong = tiles.filter(isWrong)
  return (
    <section aria-label="Now" className="rounded-md border border-line bg-panel text-sm">
      <div className="flex min-h-11 flex-wrap items-center justify-between gap-x-6 gap-y-1 px-4 py-2">
        <h2 className="font-semibold">{running.length === 0 ? 'Nothing is running' : `${running.length} running`}</h2>
        <p className="text-ink-soft">
          {wrong.length === 0
            ? 'No surface reports a problem'
            : wrong.map((tile, index) => (
                <span key={tile.id}>
                  {index > 0 && ', '}
                  <button
                    type="button"
                    onClick={() => onShow(tile.id)}
                    className="font-medium text-bad underline underline-offset-[3px]"
                  >
                    {tile.name}
                  </button>{' '}
                  is {healthWord(tile.health.state).toLowerCase()}
                </span>
              ))}
        </p>
      </div>
      {running.length > 0 && (
        <ul className="border-t border-line">
          {running.map(({ tile, deploy }) => (
            <li
              key={deploy.id}
              className="relative grid grid-cols-[minmax(0,1fr)] items-center gap-x-4 gap-y-1 border-line px-4 py-2 not-first:border-t hover:bg-well sm:grid-cols-[minmax(0,2fr)_minmax(0,2fr)_minmax(0,2.5fr)]"
            >
              <button
                type="button"
                onClick={() => onOpen(deploy.id)}
                className="truncate text-left font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
              >
                {tile.name} <span className="font-normal text-ink-faint">{tile.environment}</span>
              </button>
              <span className="truncate text-ink-soft">
                {deploy.ref}
                {deploy.sha !== null && deploy.sha !== deploy.ref && (
                  <>
                    {' '}
                    at <Sha sha={deploy.sha} />
                  </>
                )}{' '}
                · {deploy.requestedBy}
              </span>
              <MiniPhases deploy={deploy} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
