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
          <Sha sha={review.sha} url={head?.url ?? null} />
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
        {comparison !== null && comparison.removes > 0 && comparison.adds > 0 && <h4 className="text-sm">Added</h4>}
        <CommitList commits={comparison?.commits ?? (head === null ? [] : [head])} />
        {comparison !== null && <NotAll shown={comparison.commits.length} of={comparison.adds} />}
        {comparison !== null && comparison.removes > 0 && (
          <>
            <h4 className="mt-2 text-sm">Removed</h4>
            <CommitList label="Removed commits" commits={comparison.removed} />
            <NotAll shown={comparison.removed.length} of={comparison.removes} />
          </>
        )}
      </section>
    </>
  )
}

/** GitHub's comparison lists so many commits; of more, it does not say which. */
const GITHUB_LISTS = 250

function NotAll({ shown, of }: { readonly shown: number; readonly of: number }) {
  if (shown >= of) return null
  return (
    <p className="pt-2 text-xs text-ink-faint">
      {of > GITHUB_LISTS ? `${shown} of ${of} are shown.` : `The newest ${shown} of ${of} are shown.`}
    </p>
  )
}
