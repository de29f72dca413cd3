import { ChevronRight } from 'lucide-react'
import { capitalise } from '~/domain/foreign-text'
import type { TileActions } from '~/ui/grid/tile-actions'
import { TileList } from '~/ui/grid/tile-list'
import { type Group, runningTiles, tileProblem } from '~/ui/grid/tiles'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface TileGroupProps extends TileActions {
  readonly group: Group
  readonly view: 'tiles' | 'list'
  readonly collapsed: boolean
  readonly onCollapse: (environment: string, collapsed: boolean) => void
  readonly current: string | null
  readonly onCurrent: (surfaceId: string) => void
}

/** An environment: its tiles, or its rows. */
export function TileGroup({ group, view, collapsed, onCollapse, current, ...actions }: TileGroupProps) {
  const { environment, tiles } = group
  const heading = `environment-${environment}`
  return (
    <section aria-labelledby={heading}>
      <h2 className="mb-2 text-sm font-semibold">
        <button
          type="button"
          aria-expanded={!collapsed}
          onClick={() => onCollapse(environment, !collapsed)}
          className="-ml-1 flex items-center gap-1 rounded-[4px] pr-1.5 text-left hover:bg-well"
        >
          <ChevronRight
            aria-hidden="true"
            className={`size-4 text-ink-faint transition-transform ${collapsed ? '' : 'rotate-90'}`}
          />
          <span id={heading}>
            <ForeignText text={capitalise(environment)} />
          </span>
          <span className="ml-1 font-normal text-ink-faint tabular-nums">{tiles.length}</span>
          {collapsed && <Hidden group={group} />}
        </button>
      </h2>
      {!collapsed && <TileList tiles={tiles} view={view} current={current} {...actions} />}
    </section>
  )
}

/** What a collapsed environment must not hide. */
function Hidden({ group: { tiles } }: Pick<TileGroupProps, 'group'>) {
  const problems = tiles.filter((tile) => tileProblem(tile) !== null).length
  const running = runningTiles(tiles).length
  return (
    <span className="ml-1 font-normal">
      {problems > 0 && <span className="text-bad"> · {problems} with a problem</span>}
      {running > 0 && <span className="text-ink-soft"> · {running} running</span>}
    </span>
  )
}
