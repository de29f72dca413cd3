import { Button } from '~/ui/primitives/button'

interface LoadMoreProps {
  /** The number of rows on the page, and their noun. */
  readonly count: number
  readonly noun: string
  readonly more: boolean
  readonly loading: boolean
  readonly failed: boolean
  readonly onMore: () => void
}

/** The end of a paged list. */
export function LoadMore({ count, noun, more, loading, failed, onMore }: LoadMoreProps) {
  return (
    <p className="mt-3 flex flex-wrap items-center gap-3 text-xs text-ink-faint tabular-nums">
      {more && (
        <Button onClick={onMore} disabled={loading}>
          {loading ? 'Loading…' : failed ? 'Try again' : 'Load older'}
        </Button>
      )}
      <span role="status">
        {count} {noun}
        {count === 1 ? '' : 's'}
        {more ? ', older ones not shown' : ''}
        {failed ? '. The older rows could not be loaded.' : ''}
      </span>
    </p>
  )
}
