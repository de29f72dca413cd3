import type { CommitSummary } from '~/domain/surface/review'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Sha } from '~/ui/primitives/sha'
import { TimeAgo } from '~/ui/time/time-ago'

interface CommitListProps {
  readonly commits: readonly CommitSummary[]
  readonly label?: string
}

export function CommitList({ commits, label = 'Commits' }: CommitListProps) {
  return (
    <ol aria-label={label} className="divide-y divide-line">
      {commits.map((commit) => (
        <li
          key={commit.sha}
          className="grid grid-cols-[4.25rem_minmax(0,1fr)] gap-x-2 py-1.5 text-sm sm:grid-cols-[4.25rem_minmax(0,1fr)_auto]"
        >
          <Sha sha={commit.sha} url={commit.url} />
          <span className="min-w-0 break-words">
            <ForeignText text={commit.title} />
          </span>
          <span className="text-xs leading-5 text-ink-faint max-sm:col-start-2">
            <ForeignText text={commit.author} /> · <TimeAgo at={commit.at} />
          </span>
        </li>
      ))}
    </ol>
  )
}
