/** A placeholder for loading content. Set its size through `className`. */
export function Skeleton({ className }: { readonly className: string }) {
  return <span aria-hidden="true" className={`block animate-breathe rounded-[3px] bg-line ${className}`} />
}

const PLACES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** A table before its first answer. */
export function RowsSkeleton({ what }: { readonly what: string }) {
  return (
    <div aria-busy="true" className="rounded-md border border-line bg-panel">
      <p className="sr-only">Loading {what}</p>
      {PLACES.map((place) => (
        <div key={place} className="flex h-8 items-center gap-6 border-line px-4 not-first:border-t">
          <Skeleton className="h-3.5 w-20" />
          <Skeleton className="h-3.5 w-40" />
        </div>
      ))}
    </div>
  )
}
