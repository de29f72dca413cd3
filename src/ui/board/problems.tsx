import { TriangleAlert } from 'lucide-react'
import type { SurfaceTile } from '~/domain/surface'
import { groupByEnvironment, hasNamesake } from '~/ui/board/tiles'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { healthWord, isWrong } from '~/ui/status/health-badge'

const NAMED = 2

interface ProblemsProps {
  readonly tiles: readonly SurfaceTile[]
  readonly onShow: (surfaceId: string) => void
}

/** Which surfaces are wrong, by name, production first, each a way to its tile. */
export function Problems({ tiles, onShow }: ProblemsProps) {
  const wrong = groupByEnvironment(tiles).flatMap((group) => group.tiles.filter(isWrong))
  if (wrong.length === 0) return <p className="ml-auto shrink-0 text-ink-faint">No surface reports a problem</p>
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
            {healthWord(tile.health.state).toLowerCase()}
          </span>
        ))}
        {wrong.length > NAMED && `, and ${wrong.length - NAMED} more`}
      </span>
    </p>
  )
}
