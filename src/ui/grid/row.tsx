import { memo } from 'react'
import { HiddenFreeze, TileControls, TileName, TileNote } from '~/ui/grid/tile'
import { type TileProps, useTileActions } from '~/ui/grid/tile-actions'
import { NowFact, ThirdFact, thirdRow, VersionFact } from '~/ui/grid/tile-facts'
import { tileProblem } from '~/ui/grid/tiles'
import { HealthBadge } from '~/ui/status/health-badge'

const CELL = 'flex min-w-0 items-center gap-x-1.5 text-ink-soft'

/** One surface in one line, for a grid of many. The same facts and controls as its tile. Of one height, but on a phone for a problem with a way back. */
export const Row = memo(function Row(props: TileProps) {
  const { tile, current, isNear, onCurrent } = props
  const { running, refusal, back, deploy, open, onKeyDown } = useTileActions(props)
  const tab = current ? 0 : -1
  const third = thirdRow(tile, running)
  // The problem stays beside the way back that it calls for.
  const hasBoth = third !== null && back !== null
  return (
    <li
      data-surface={tile.id}
      data-running={running !== null}
      onFocus={() => onCurrent(tile.id)}
      onKeyDown={onKeyDown}
      className={`relative scroll-my-16 grid ${hasBoth ? 'h-32 grid-rows-[repeat(3,1.25rem)_2.5rem]' : 'h-27 grid-rows-[repeat(4,1.25rem)]'} grid-cols-[minmax(0,1fr)_auto] content-center items-center gap-x-4 gap-y-0.5 border-l-2 pr-1.5 pl-3 text-sm first:rounded-t-md last:rounded-b-md has-[h3_button:focus-visible]:outline-2 has-[h3_button:focus-visible]:-outline-offset-2 has-[h3_button:focus-visible]:outline-accent has-[h3_button:hover]:bg-well lg:h-11 lg:grid-cols-[minmax(0,1.1fr)_minmax(0,1fr)_minmax(0,1.1fr)_minmax(0,1.1fr)_minmax(9.75rem,auto)] lg:grid-rows-1 lg:gap-x-6 ${tileProblem(tile) === null ? 'border-l-transparent' : 'border-l-bad'}`}
    >
      {/* A narrow screen gives the name a whole line: beside the controls it would be a letter. */}
      <div className="flex min-w-0 items-center justify-between gap-x-2 max-lg:col-span-2 max-lg:pr-2">
        <h3 className="flex min-w-0 items-center gap-1.5 font-semibold">
          <TileName tile={tile} tab={tab} onOpen={open} className="min-w-0" />
          <HiddenFreeze tile={tile} running={running} />
        </h3>
        <HealthBadge health={tile.health} />
      </div>
      {(isNear || current) && (
        <>
          <div className={CELL}>
            <VersionFact tile={tile} third={third} tab={tab} />
          </div>
          <div className={CELL}>
            <NowFact tile={tile} running={running} tab={tab} short />
          </div>
          <div className={hasBoth ? 'flex min-w-0 flex-col text-ink-soft *:max-w-full *:leading-5' : CELL}>
            {third !== null && <ThirdFact third={third} tile={tile} tab={tab} />}
            {(third === null || hasBoth) && <TileNote tile={tile} running={running} tab={tab} oneLine />}
          </div>
          <div className="flex items-center gap-3 max-lg:col-start-2 max-lg:row-span-3 max-lg:row-start-2">
            <TileControls tile={tile} running={running} refusal={refusal} tab={tab} onDeploy={deploy} />
          </div>
        </>
      )}
    </li>
  )
})
