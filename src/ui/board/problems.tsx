import { TriangleAlert } from 'lucide-react'
import type { SurfaceTile } from '~/domain/surface/tile'
import { groupByEnvironment, hasNamesake, problemOf } from '~/ui/board/tiles'
import { ForeignText } from '~/ui/primitives/foreign-text'

const NAMED = 2

interface ProblemsProps {
  readonly tiles: readonly SurfaceTile[]
  readonly onShow: (surfaceId: string) => void
}

/** Which surfaces are wrong or have an alarm, by name, production first, each a way to its tile. */
export function Problems({ tiles, onShow }: ProblemsProps) {
  const wrong = groupByEnvironment(tiles).flatMap((group) => group.tiles.filter((tile) => problemOf(tile) !== null))
  if (wrong.length === 0) return <p className="ml-auto shrink-0 text-ink-faint">No problem is known</p>
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
            {problemOf(tile)}
          </span>
        ))}
        {wrong.length > NAMED && `, and ${wrong.length - NAMED} more`}
      </span>
    </p>
  )
}
