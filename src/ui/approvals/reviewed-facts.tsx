import type { Review, SurfaceTile } from '~/domain/surface'
import { Changes } from '~/ui/deploy-modal/changes'
import { CommitList } from '~/ui/deploy-modal/commit-list'
import { Sentence } from '~/ui/primitives/foreign-text'

interface ReviewedFactsProps {
  readonly review: Review
  readonly tile: SurfaceTile | undefined
}

/** What would ship, as GitHub and the console see it now: the commit itself, what holds the surface, what would change. */
export function ReviewedFacts({ review, tile }: ReviewedFactsProps) {
  const held = review.freezeIds.length > 0 || review.warnings.some(({ kind }) => kind.startsWith('deploy_freeze'))
  const others = review.warnings.filter(({ kind }) => kind !== 'nothing_new')
  return (
    <>
      <section aria-labelledby="the-commit">
        <h3 id="the-commit" className="mb-1 text-sm font-semibold">
          The commit
        </h3>
        <CommitList commits={[review.head]} />
      </section>
      {tile !== undefined && <Changes review={review} surface={tile} />}
      <section aria-labelledby="the-facts">
        <h3 id="the-facts" className="mb-1 text-sm font-semibold">
          Now
        </h3>
        <ul aria-labelledby="the-facts" className="text-sm text-ink-soft">
          {!held && <li>Neither frozen nor locked.</li>}
          {others.map(({ kind, text }) => (
            <li key={`${kind} ${text}`}>
              <Sentence text={text} />
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}
