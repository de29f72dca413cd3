import { capitalise } from '~/domain/foreign-text'
import { Tile, type TileActions } from '~/ui/grid/tile'
import type { Group } from '~/ui/grid/tiles'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface TileGroupProps extends TileActions {
  readonly group: Group
  readonly current: string | null
  readonly onCurrent: (surfaceId: string) => void
}

export const TILE_COLUMNS = 'grid grid-cols-[repeat(auto-fill,minmax(min(100%,17.5rem),1fr))] gap-3'

export function TileGroup({ group, current, onCurrent, onDeploy, onOpen }: TileGroupProps) {
  const heading = `environment-${group.environment}`
  return (
    <section aria-labelledby={heading}>
      <h2 id={heading} className="mb-2.5 flex items-baseline gap-2 text-sm font-semibold">
        <ForeignText text={capitalise(group.environment)} />
        <span className="font-normal text-ink-faint tabular-nums">{group.tiles.length}</span>
      </h2>
      <ul className={TILE_COLUMNS}>
        {group.tiles.map((tile) => (
          <Tile
            key={tile.id}
            tile={tile}
            current={current === tile.id}
            onCurrent={onCurrent}
            onDeploy={onDeploy}
            onOpen={onOpen}
          />
        ))}
      </ul>
    </section>
  )
}
