import { CornerDownLeft, GitBranch, GitCommitHorizontal, Tag } from 'lucide-react'
import type { RefOption } from '~/ui/deploy-modal/new-deploy/ref-options'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { TimeAgo } from '~/ui/time/time-ago'

const ICONS = { branch: GitBranch, tag: Tag, commit: GitCommitHorizontal, typed: CornerDownLeft } as const

interface RefOptionRowProps {
  readonly option: RefOption
  readonly runningSha: string | null
}

export function RefOptionRow({ option, runningSha }: RefOptionRowProps) {
  const Icon = ICONS[option.kind]
  return (
    <span className="flex items-center gap-2 text-sm">
      <Icon aria-hidden="true" className="size-4 shrink-0 text-ink-faint" />
      <span className="min-w-0 flex-1 truncate">
        {option.kind === 'typed' && 'Use '}
        <span className={option.kind === 'commit' ? '' : 'font-medium'}>
          <ForeignText text={option.label} />
        </span>
        {option.detail !== null && (
          <span className="text-ink-faint">
            {' '}
            <ForeignText text={option.detail} />
          </span>
        )}
      </span>
      {option.sha !== null && option.sha === runningSha && (
        <span className="shrink-0 text-xs font-medium text-good">runs now</span>
      )}
      {option.at !== null && (
        <span className="shrink-0 text-xs text-ink-faint max-sm:hidden">
          <TimeAgo at={option.at} />
        </span>
      )}
      {option.sha !== null && (
        <code className="shrink-0 font-mono text-[0.8125rem] text-ink-soft">{option.sha.slice(0, 7)}</code>
      )}
    </span>
  )
}
