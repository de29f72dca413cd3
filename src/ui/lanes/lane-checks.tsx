'use client'

import { shortSha } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { Checks } from '~/ui/deploy-modal/review/checks'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Skeleton } from '~/ui/primitives/skeleton'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** GitHub is asked only when somebody opens this: the page itself costs no request to GitHub. */
export function LaneChecks({ of: { id, environment } }: { readonly of: SurfaceTile }) {
  const { data, error, refetch } = trpc.surfaces.checks.useQuery(
    { surfaceId: id },
    { staleTime: 30_000, refetchOnWindowFocus: false, retry: false },
  )
  return (
    <div className="border-t border-line px-4 py-3 text-sm" aria-busy={data === undefined && error === null}>
      {error !== null && (
        <p role="alert" className="flex flex-wrap items-center gap-3">
          {readWireError(error).message} <Button onClick={() => void refetch()}>Try again</Button>
        </p>
      )}
      {data === undefined && error === null && <Skeleton className="h-5 w-56" />}
      {data !== undefined && (
        <>
          <p className="mb-1 text-ink-soft">
            Commit <span className="font-mono">{shortSha(data.sha)}</span>, which <ForeignText text={environment} />{' '}
            runs
          </p>
          <Checks checks={data.checks} />
        </>
      )}
    </div>
  )
}
