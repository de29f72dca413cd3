import { ArrowRight } from 'lucide-react'
import { refLabel } from '~/domain/ref'
import type { Comparison, Review, SurfaceTile } from '~/domain/surface'
import { CommitList } from '~/ui/deploy-modal/commit-list'
import { ExternalLink } from '~/ui/primitives/external-link'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Sha } from '~/ui/primitives/sha'

const commits = (count: number) => `${count} ${count === 1 ? 'commit' : 'commits'}`

function changeSentence(comparison: Comparison | null): string {
  if (comparison === null) return 'No comparison with what runs now'
  switch (comparison.kind) {
    case 'identical':
      return 'The same commit runs now'
    case 'ahead':
      return `Adds ${commits(comparison.adds)}`
    case 'behind':
      return `Takes back ${commits(comparison.removes)}`
    case 'diverged':
      return `Adds ${commits(comparison.adds)}, takes back ${commits(comparison.removes)}`
  }
}

/** From what runs now to what would run, and the commits in between. */
export function Changes({ review, surface }: { readonly review: Review; readonly surface: SurfaceTile }) {
  const { comparison, head } = review
  const hidden = comparison === null ? 0 : comparison.adds - comparison.commits.length
  return (
    <>
      <div className="grid grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)] items-center gap-3 rounded-[5px] bg-well px-4 py-3">
        <div className="min-w-0">
          <p className="text-xs text-ink-faint">Runs now</p>
          {review.runningSha === null ? (
            <p className="text-sm text-ink-soft">not reported</p>
          ) : (
            <Sha
              sha={review.runningSha}
              url={surface.version?.sha === review.runningSha ? surface.version.url : null}
            />
          )}
        </div>
        <ArrowRight aria-label="becomes" className="size-4 text-ink-faint" />
        <div className="min-w-0">
          <p className="truncate text-xs text-ink-faint">
            {review.ref === review.sha ? 'Commit' : <ForeignText text={refLabel(review.ref)} />}
          </p>
          <Sha sha={review.sha} url={head.url} />
        </div>
      </div>
      <section aria-labelledby="changes">
        <div className="mb-1 flex flex-wrap items-baseline justify-between gap-x-4">
          <h3 id="changes" className="text-sm font-semibold">
            {changeSentence(comparison)}
          </h3>
          {comparison !== null && (
            <ExternalLink href={comparison.url} className="text-sm text-ink-soft">
              Compare on GitHub
            </ExternalLink>
          )}
        </div>
        <CommitList commits={comparison === null ? [head] : comparison.commits} />
        {hidden > 0 && <p className="pt-2 text-xs text-ink-faint">and {hidden} more, in the comparison on GitHub</p>}
      </section>
    </>
  )
}
