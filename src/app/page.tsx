import { Suspense } from 'react'
import { Board } from '~/ui/board/board'
import { BoardSkeleton } from '~/ui/board/board-skeleton'

/** Suspense because the board reads `?deploy=` and `?surface=`, which only the browser knows. */
export default function Page() {
  return (
    <Suspense fallback={<BoardSkeleton />}>
      <Board />
    </Suspense>
  )
}
