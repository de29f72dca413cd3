import { TILE_COLUMNS } from '~/ui/grid/tiles'
import { Skeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'

/** Most teams have production and staging. */
const GROUPS = [
  ['a', 'b', 'c', 'd'],
  ['e', 'f'],
] as const

/** The grid before its first answer, in the same sizes. */
export function GridSkeleton() {
  return (
    <div aria-busy="true">
      <p className="sr-only">Loading the surfaces</p>
      <div className="flex h-[calc(7.75rem+3px)] items-start rounded-md border border-line bg-panel px-4 py-[0.9375rem] sm:h-[calc(5rem+3px)]">
        <Skeleton className="h-3.5 w-32" />
      </div>
      <div className="mt-6 flex flex-col gap-7">
        {GROUPS.map((places) => (
          <div key={places[0]}>
            <Skeleton className="mt-0.5 mb-3 h-4 w-24" />
            <div className={TILE_COLUMNS}>
              {places.map((place) => (
                <div key={place} className="flex h-39 flex-col gap-3 rounded-md border border-line bg-panel p-4">
                  <Skeleton className="h-4 w-28" />
                  <Skeleton className="mt-4 h-3.5 w-48" />
                  <Skeleton className="h-3.5 w-56" />
                </div>
              ))}
            </div>
          </div>
        ))}
      </div>
    </div>
  )
}

export function GridPageSkeleton() {
  return (
    <PageFrame title="Surfaces" aside={<div className="h-8 w-full sm:w-64" />}>
      <GridSkeleton />
    </PageFrame>
  )
}
