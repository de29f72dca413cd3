import type { ReactNode } from 'react'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { useAskEvery } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

/** How often a section is refreshed without live updates. */
export const useHealthRefetch = () => useAskEvery(10_000)

interface HealthSectionProps<Data> {
  readonly id: string
  readonly title: string
  /** What is loading, for screen readers, such as "the webhooks". */
  readonly what: string
  readonly query: {
    readonly data: Data | undefined
    readonly error: unknown
    readonly isPending: boolean
    readonly isError: boolean
    readonly dataUpdatedAt: number
    readonly failureCount: number
  }
  readonly children: (data: Data) => ReactNode
}

/** A section with its own query: if it fails, the other sections still work. */
export function HealthSection<Data>({ id, title, what, query, children }: HealthSectionProps<Data>) {
  return (
    <section aria-labelledby={id} className="min-w-0">
      <h2 id={id} className="mb-2.5 text-sm font-semibold">
        {title}
      </h2>
      {query.isError && (
        <div className="mb-3">
          <Notice tone="warn" role="status">
            {readWireError(query.error).message}
          </Notice>
        </div>
      )}
      {query.isPending && <RowsSkeleton what={what} />}
      {query.data !== undefined && <StoppedClock of={query}>{children(query.data)}</StoppedClock>}
    </section>
  )
}
