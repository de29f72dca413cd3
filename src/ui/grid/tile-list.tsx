'use client'

import { useRef } from 'react'
import { Row } from '~/ui/grid/row'
import { Tile } from '~/ui/grid/tile'
import type { TileActions } from '~/ui/grid/tile-actions'
import { type Group, TILE_COLUMNS } from '~/ui/grid/tiles'
import { useNear } from '~/ui/grid/use-near'

interface TileListProps extends Pick<Group, 'tiles'>, TileActions {
  readonly view: 'tiles' | 'list'
  readonly current: string | null
  readonly onCurrent: (surfaceId: string) => void
}

/** Every surface of an environment. Those far from the screen show their name and health only (ADR 068). */
export function TileList({ tiles, view, current, ...actions }: TileListProps) {
  const list = useRef<HTMLUListElement>(null)
  const near = useNear(list)
  const Shape = view === 'list' ? Row : Tile
  return (
    <ul
      ref={list}
      className={view === 'list' ? 'divide-y divide-line rounded-md border border-line bg-panel' : TILE_COLUMNS}
    >
      {tiles.map((tile, place) => (
        <Shape
          key={tile.id}
          tile={tile}
          current={current === tile.id}
          isNear={near.from <= place && place < near.to}
          {...actions}
        />
      ))}
    </ul>
  )
}
