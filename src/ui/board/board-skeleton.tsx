import { TILE_COLUMNS } from '~/ui/board/tile-group'
import { Skeleton } from '~/ui/primitives/skeleton'

const PLACES = ['a', 'b', 'c', 'd', 'e', 'f']

/** The grid before its first answer: same sizes, nothing made up. */
export function GridSkeleton() {
  return (
    <div aria-busy="true">
      <p className="sr-only">Loading the surfaces</p>
      <div className="mb-6 flex h-[calc(2.75rem+2px)] items-center rounded-md border border-line bg-panel px-4">
        <Skeleton className="h-3.5 w-32" />
      </div>
      <Skeleton className="mb-3.5 h-4 w-24" />
      <div className={TILE_COLUMNS}>
        {PLACES.map((place) => (
          <div key={place} className="flex h-46 flex-col gap-3 rounded-md border border-line bg-panel p-4">
            <Skeleton className="h-4 w-28" />
            <Skeleton className="mt-4 h-3.5 w-48" />
            <Skeleton className="h-3.5 w-56" />
          </div>
        ))}
      </div>
    </div>
  )
}

export function BoardSkeleton() {
  return (
    <main className="mx-auto max-w-[80rem] px-4 pb-16 sm:px-6">
      <div className="flex h-16 items-center text-[0.9375rem] font-semibold tracking-[-0.01em]">Deploy Console</div>
      <GridSkeleton />
    </main>
  )
}
