import { BoardSkeleton } from '~/ui/board/board-skeleton'

export default function Loading() {
  return <BoardSkeleton />
}
