'use client'

import { ArrowRight } from 'lucide-react'
import { Fragment, useState } from 'react'
import { capitalise, inSentence } from '~/domain/foreign-text'
import { type Lane, lanesOf, leadWords } from '~/domain/surface/lanes'
import type { SurfaceTile } from '~/domain/surface/tile'
import { promotableTo } from '~/ui/deploy-modal/new-deploy/promote-choice'
import { useIsHydrated } from '~/ui/first-view/hydration'
import { NowFact, thirdRow, VersionFact } from '~/ui/grid/tile-facts'
import { LaneChecks } from '~/ui/lanes/lane-checks'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { useRefusal } from '~/ui/shell/member'
import { PageFrame } from '~/ui/shell/page-frame'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { HealthBadge } from '~/ui/status/health-badge'
import { useSurfaces } from '~/ui/surfaces/use-surfaces'
import { isSurfaceFree } from '~/ui/surfaces/way-back'
import { StoppedClock } from '~/ui/time/stopped-clock'

/** The server would render more surfaces for a tenth of a second: the browser renders them. */
const DRAWN_BY_SERVER = 100

/** Each service on its way to production: what every environment runs, how far apart they are, and the promotion. */
export function LanesPage() {
  const surfaces = useSurfaces()
  const tiles = surfaces.data?.surfaces ?? []
  const lanes = lanesOf(tiles)
  const isDrawn = useIsHydrated() || tiles.length <= DRAWN_BY_SERVER
  return (
    <PageFrame title="Lanes">
      {surfaces.isError && <ConnectionNotice error={surfaces.error} updatedAt={surfaces.dataUpdatedAt} />}
      {(surfaces.isPending || (surfaces.data !== undefined && !isDrawn)) && <RowsSkeleton what="lanes" />}
      {surfaces.data !== undefined && isDrawn && (
        <StoppedClock of={surfaces}>
          {lanes.length === 0 ? (
            <p className="max-w-prose rounded-md border border-line bg-panel px-4 py-3 text-sm text-pretty text-ink-soft">
              No service has more than one environment. Surfaces are one service if they share{' '}
              <code className="font-mono text-ink">service</code> in surfaces.yaml, or else the repository and the
              workflow.
            </p>
          ) : (
            <ul className="flex flex-col gap-3">
              {lanes.map((lane) => (
                <LaneCard key={`${lane.repository} ${lane.surfaces[0]?.id}`} lane={lane} tiles={tiles} />
              ))}
            </ul>
          )}
        </StoppedClock>
      )}
    </PageFrame>
  )
}

interface LaneCardProps {
  readonly lane: Lane
  readonly tiles: readonly SurfaceTile[]
}

function LaneCard({ lane: { name, repository, surfaces }, tiles }: LaneCardProps) {
  const [checked, setChecked] = useState<string | null>(null)
  const opened = surfaces.find(({ id }) => id === checked)
  return (
    <li className="rounded-md border border-line bg-panel">
      <div className="flex items-baseline gap-2 border-b border-line px-4 py-2 text-sm">
        <h2 className="min-w-0 truncate font-semibold">
          <ForeignText text={name} />
        </h2>
        <span className="min-w-0 truncate text-xs text-ink-faint">
          <ForeignText text={repository} />
        </span>
      </div>
      <div className="flex flex-col lg:flex-row lg:items-stretch">
        {surfaces.map((tile, index) => {
          const before = surfaces[index - 1]
          return (
            <Fragment key={tile.id}>
              {before !== undefined && (
                <Step
                  from={before}
                  to={tile}
                  tiles={tiles}
                  isOpen={checked === before.id}
                  onChecks={() => setChecked(checked === before.id ? null : before.id)}
                />
              )}
              <Side tile={tile} lane={name} />
            </Fragment>
          )
        })}
      </div>
      {opened !== undefined && <LaneChecks key={opened.version?.sha} of={opened} />}
    </li>
  )
}

/** What one environment runs. */
function Side({ tile, lane }: { readonly tile: SurfaceTile; readonly lane: string }) {
  const running = tile.lastDeploy?.terminal === false ? tile.lastDeploy : null
  return (
    <section aria-label={inSentence(`${tile.name}, ${tile.environment}`)} className="min-w-0 flex-1 px-4 py-3 text-sm">
      <div className="flex items-center justify-between gap-3">
        <h3 className="min-w-0 truncate">
          <PageLink
            href={`/surfaces/${tile.id}`}
            className="font-medium underline decoration-transparent underline-offset-[3px] hover:decoration-current"
          >
            <ForeignText text={capitalise(tile.environment)} />
          </PageLink>{' '}
          {tile.name !== lane && (
            <span className="text-xs text-ink-faint">
              <ForeignText text={tile.name} />
            </span>
          )}
        </h3>
        <HealthBadge health={tile.health} />
      </div>
      <div className="mt-1 flex h-5 min-w-0 items-center gap-1.5 text-ink-soft">
        <VersionFact tile={tile} third={thirdRow(tile, running)} tab={0} />
      </div>
      <div className="flex h-5 min-w-0 items-center gap-1.5 text-ink-soft">
        <NowFact tile={tile} running={running} tab={0} />
      </div>
    </section>
  )
}

interface StepProps {
  readonly from: SurfaceTile
  readonly to: SurfaceTile
  readonly tiles: readonly SurfaceTile[]
  /** Whether the checks of the commit that `from` runs are shown. */
  readonly isOpen: boolean
  readonly onChecks: () => void
}

/** How far the earlier environment is ahead, and the promotion, which only goes forwards. */
function Step({ from, to, tiles, isOpen, onChecks }: StepProps) {
  const mayDeploy = useRefusal('deploy.dispatch', to.environment) === null
  const { version } = from
  const promotes =
    mayDeploy && version !== null && isSurfaceFree(to) && promotableTo(to, tiles).some(({ id }) => id === from.id)
  return (
    <div className="flex shrink-0 items-center gap-2 border-line px-4 text-sm max-lg:border-y max-lg:py-2 lg:w-44 lg:flex-col lg:justify-center lg:gap-1.5 lg:border-x lg:py-2">
      <span
        className="flex items-center gap-1.5 text-ink-soft"
        title={`${inSentence(from.name)} in ${inSentence(from.environment)}, compared with ${inSentence(to.environment)} by the commits of ${inSentence(to.ref)}`}
      >
        {leadWords(from, to)}
        <ArrowRight aria-hidden="true" className="size-4 text-ink-faint max-lg:rotate-90" />
      </span>
      {version !== null && (
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={onChecks}
          className={`rounded-[3px] text-xs text-ink-soft ${LINK}`}
        >
          {isOpen ? 'Hide the checks' : 'Checks'}
          <span className="sr-only">
            {' '}
            of what <ForeignText text={from.name} />, <ForeignText text={from.environment} /> runs
          </span>
        </button>
      )}
      {/* Its place is kept, so that a version that becomes known moves nothing. */}
      {!promotes && <span aria-hidden="true" className="h-8" />}
      {promotes && (
        <PageLink
          href={{ pathname: '/', query: { surface: to.id, ref: version.sha, promote: from.id } }}
          className="inline-flex h-8 items-center rounded-[5px] border border-control px-3 font-medium hover:bg-well max-lg:ml-auto"
        >
          Promote
          <span className="sr-only">
            {' '}
            what <ForeignText text={from.name} />, <ForeignText text={from.environment} /> runs to{' '}
            <ForeignText text={to.environment} />
          </span>
        </PageLink>
      )}
    </div>
  )
}
