import type { Review } from '~/domain/surface/review'
import type { SurfaceTile } from '~/domain/surface/tile'
import { Changes } from '~/ui/deploy-modal/review/changes'
import { CommitList } from '~/ui/deploy-modal/review/commit-list'
import { ReviewWarnings } from '~/ui/deploy-modal/review/review-warnings'
import { Sha } from '~/ui/primitives/sha'

interface ReviewedFactsProps {
  readonly review: Review
  readonly tile: SurfaceTile | undefined
  /** To the deploy that holds the surface. */
  readonly onFollow: (deployId: string) => void
}

/** What would ship, as GitHub and the console see it now: the commit itself, what holds the surface, what would change. */
export function ReviewedFacts({ review, tile, onFollow }: ReviewedFactsProps) {
  const held = review.freezeIds.length > 0 || review.warnings.some(({ kind }) => kind.startsWith('deploy_freeze'))
  return (
    <>
      <ReviewWarnings warnings={review.warnings} onFollow={onFollow} />
      {!held && <p className="text-sm text-ink-soft">Neither frozen nor locked.</p>}
      <section aria-labelledby="the-commit">
        <h3 id="the-commit" className="mb-1 text-sm font-semibold">
          The commit
        </h3>
        {review.head === null ? <Sha sha={review.sha} /> : <CommitList commits={[review.head]} />}
      </section>
      {tile !== undefined && <Changes review={review} surface={tile} />}
    </>
  )
}
