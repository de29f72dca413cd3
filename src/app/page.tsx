import { Suspense } from 'react'
import { requireMember } from '~/server/account/page-member'
import { GridPageSkeleton } from '~/ui/grid/grid-skeleton'
import { SurfaceGrid } from '~/ui/grid/surface-grid'
import { SignedIn } from '~/ui/shell/member'

/** The configuration is known at run time, not at build time. */
export const dynamic = 'force-dynamic'

/** Suspense, because the grid reads `?deploy=` and `?surface=` in the browser. */
export default async function Page({ searchParams }: PageProps<'/'>) {
  const member = await requireMember('/', { search: await searchParams })
  return (
    <SignedIn member={member}>
      <Suspense fallback={<GridPageSkeleton />}>
        <SurfaceGrid />
      </Suspense>
    </SignedIn>
  )
}
