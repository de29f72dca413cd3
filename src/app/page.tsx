import { Suspense } from 'react'
import { getDeps } from '~/server/deps'
import { sandboxAddress } from '~/server/sandbox-address'
import { Board } from '~/ui/board/board'
import { BoardSkeleton } from '~/ui/board/board-skeleton'

/** The configuration is known when the console runs, not when it is built. */
export const dynamic = 'force-dynamic'

/** Suspense because the board reads `?deploy=` and `?surface=`, which only the browser knows. */
export default function Page() {
  return (
    <Suspense fallback={<BoardSkeleton />}>
      <Board sandbox={sandboxAddress(getDeps())} />
    </Suspense>
  )
}
