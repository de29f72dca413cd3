import { Suspense } from 'react'
import { requireMember } from '~/server/account/page-member'
import { getDeps } from '~/server/deps'
import { Board } from '~/ui/board/board'
import { BoardSkeleton } from '~/ui/board/board-skeleton'
import { SignedIn } from '~/ui/shell/member'

/** The configuration is known at run time, not at build time. */
export const dynamic = 'force-dynamic'

/** Suspense, because the board reads `?deploy=` and `?surface=` in the browser. */
export default async function Page({ searchParams }: PageProps<'/'>) {
  const member = await requireMember('/', { search: await searchParams })
  const { sandboxUrl } = getDeps().config
  return (
    <SignedIn member={member}>
      <Suspense fallback={<BoardSkeleton />}>
        <Board sandbox={sandboxUrl === undefined ? null : { url: sandboxUrl }} />
      </Suspense>
    </SignedIn>
  )
}
