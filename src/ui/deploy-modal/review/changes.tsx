import { ArrowRight } from 'lucide-react'
import { changeSentence } from '~/domain/deploy/source'
import { refLabel } from '~/domain/ref'
import { touchingSentence } from '~/domain/surface/paths'
import type { CommitSummary, Comparison, PullRequest, Review } from '~/domain/surface/review'
import type { SurfaceTile } from '~/domain/surface/tile'
import { Checks } from '~/ui/deploy-modal/review/checks'
import { Disclosure } from '~/ui/primitives/disclosure'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { ExternalLink } from '~/ui/primitives/links'
import { Sha } from '~/ui/primitives/sha'
import { TimeAgo } from '~/ui/time/time-ago'

/** The version that runs, the version that would run, and the commits between them. */
export function Changes({ review, surface }: { readonly review: Review; readonly surface: SurfaceTile }) {
  const { comparison, head, pulls, checks } = review
  const isReporting = surface.version !== null || surface.unknownVersion !== null
  return (
    <>
      <div className="grid grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)] items-center gap-3 rounded-[5px] bg-well px-4 py-3">
        <div className="min-w-0">
          <p className="text-xs text-ink-faint">Runs now</p>
          {review.runningSha === null ? (
            <p className="text-sm text-ink-soft">{isReporting ? 'commit unknown' : 'not reported'}</p>
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
        <ChangedCommits comparison={comparison} head={head} pulls={pulls} />
        {comparison !== null && comparison.adds + comparison.removes > 0 && !review.pullsComplete && (
          <p className="pt-2 text-xs text-ink-faint">Not all pull requests of these commits could be read.</p>
        )}
      </section>
      <Checks checks={checks} />
    </>
  )
}

interface ChangedCommitsProps {
  readonly comparison: Comparison | null
  /** Shown where there is no comparison. */
  readonly head: CommitSummary | null
  readonly pulls?: readonly PullRequest[]
}

/** The commits that a deploy adds and removes, newest first. If the surface has paths, those that touch none of them are collapsed. */
export function ChangedCommits({ comparison, head, pulls = [] }: ChangedCommitsProps) {
  if (comparison === null) return head === null ? null : <CommitList commits={[head]} />
  const { touching } = comparison
  if (touching === null || comparison.kind === 'identical') return <AddedAndRemoved {...comparison} pulls={pulls} />
  const { known } = touching
  const isCounted = ({ sha }: CommitSummary) => known === null || known.shas.includes(sha)
  const counted = {
    ...(known ?? comparison),
    commits: comparison.commits.filter(isCounted),
    removed: comparison.removed.filter(isCounted),
  }
  const others = {
    adds: comparison.adds - counted.adds,
    removes: comparison.removes - counted.removes,
    commits: comparison.commits.filter((commit) => !isCounted(commit)),
    removed: comparison.removed.filter((commit) => !isCounted(commit)),
  }
  const otherCount = others.adds + others.removes
  return (
    <>
      <p className="text-sm text-ink-soft">
        <Sentence text={touchingSentence({ ...comparison, touching })} />
      </p>
      {counted.adds + counted.removes > 0 && <AddedAndRemoved {...counted} pulls={pulls} />}
      {otherCount > 0 && (
        <div className="mt-2">
          <Disclosure title="Other commits" note={String(otherCount)}>
            <AddedAndRemoved {...others} pulls={pulls} />
          </Disclosure>
        </div>
      )}
    </>
  )
}

type Changed = Pick<Comparison, 'adds' | 'removes' | 'commits' | 'removed'> & {
  readonly pulls: readonly PullRequest[]
}

function AddedAndRemoved({ adds, removes, commits, removed, pulls }: Changed) {
  return (
    <>
      {removes > 0 && adds > 0 && <h4 className="text-sm">Added</h4>}
      {(commits.length > 0 || removes === 0) && <CommitList commits={commits} pulls={pulls} />}
      <NotAll shown={commits.length} of={adds} />
      {removes > 0 && (
        <>
          <h4 className={adds > 0 ? 'mt-2 text-sm' : 'text-sm'}>Removed</h4>
          <CommitList label="Removed commits" commits={removed} pulls={pulls} />
          <NotAll shown={removed.length} of={removes} />
        </>
      )}
    </>
  )
}

/** GitHub's comparison lists at most this many commits. */
const GITHUB_LISTS = 250

function NotAll({ shown, of }: { readonly shown: number; readonly of: number }) {
  if (shown >= of) return null
  return (
    <p className="pt-2 text-xs text-ink-faint">
      {of > GITHUB_LISTS ? `${shown} of ${of} are shown.` : `The newest ${shown} of ${of} are shown.`}
    </p>
  )
}

interface CommitListProps {
  readonly commits: readonly CommitSummary[]
  readonly label?: string
  readonly pulls?: readonly PullRequest[]
}

/** A commit that brought in a pull request is shown as that: its title, its author, and its number with a link. */
export function CommitList({ commits, label = 'Commits', pulls = [] }: CommitListProps) {
  const pullOf = new Map(pulls.map((pull) => [pull.sha, pull]))
  return (
    <ol aria-label={label} className="divide-y divide-line">
      {commits.map((commit) => (
        <li
          key={commit.sha}
          className="grid grid-cols-[4.25rem_minmax(0,1fr)] gap-x-2 py-1.5 text-sm sm:grid-cols-[4.25rem_minmax(0,1fr)_auto]"
        >
          <Sha sha={commit.sha} url={commit.url} />
          <CommitTitle commit={commit} pull={pullOf.get(commit.sha) ?? null} />
        </li>
      ))}
    </ol>
  )
}

function CommitTitle({ commit, pull }: { readonly commit: CommitSummary; readonly pull: PullRequest | null }) {
  return (
    <>
      <span className="min-w-0 break-words">
        <ForeignText text={pull?.title ?? commit.title} />
        {pull !== null && (
          <>
            {' '}
            <ExternalLink href={pull.url} className="text-ink-soft">
              #{pull.number}
            </ExternalLink>
          </>
        )}
      </span>
      <span className="text-xs leading-5 text-ink-faint max-sm:col-start-2">
        <ForeignText text={pull?.author ?? commit.author} /> · <TimeAgo at={commit.at} />
      </span>
    </>
  )
}
