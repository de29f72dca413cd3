import { Lock, MessageSquareWarning, Snowflake } from 'lucide-react'
import { inSentence } from '~/domain/foreign-text'
import type { FreezeInForce } from '~/domain/freeze/freeze'
import type { SurfaceTile } from '~/domain/surface/tile'
import { deployFreezeWords, endWords, untilWords } from '~/ui/freezes/freeze-words'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { TimeAgo } from '~/ui/time/time-ago'

/**
 * One line: DEPLOY_FREEZE in the repository freezes the surface, and why. The console can neither lift nor override it.
 */
export function FrozenByVariable({ repository, freeze }: FrozenByVariableProps) {
  return (
    <>
      <FreezeMark kind="frozen" />
      <span className="truncate text-warn" title={deployFreezeWords(repository, freeze)}>
        by DEPLOY_FREEZE: <ForeignText text={freeze.reason} whole />
      </span>
    </>
  )
}

interface FrozenByVariableProps {
  readonly repository: string
  readonly freeze: NonNullable<SurfaceTile['deployFreeze']>
}

/** One line: why a surface is frozen or locked, and until when. The mark shows the kind; the caller adds the word. */
export function FrozenBy({ freeze }: { readonly freeze: FreezeInForce }) {
  const { kind, reason, by, until } = freeze
  const end = endWords(freeze)
  return (
    <>
      <FreezeMark kind={kind} />
      <span className="truncate text-warn" title={`${inSentence(reason)} (${inSentence(by)}), ${end}`}>
        <ForeignText text={reason} whole />
      </span>
      {until !== null && (
        <span className="-ml-0.5 shrink-0 text-warn">
          · {freeze.closed === true ? 'opens' : 'ends'} <TimeAgo at={until} />
        </span>
      )}
    </>
  )
}

/** One line: what a notice says, and until when. */
export function NoticeLine({ notice }: { readonly notice: FreezeInForce }) {
  const { reason, by, until } = notice
  return (
    <>
      <MessageSquareWarning aria-hidden="true" className="size-3.5 shrink-0 text-ink-soft" />
      <span
        className="truncate text-ink-soft"
        title={`${inSentence(reason)} (${inSentence(by)}), ${untilWords(until)}`}
      >
        <ForeignText text={reason} whole />
        {until !== null && `, ${untilWords(until)}`}
      </span>
    </>
  )
}

/** A shape for each kind: colour is never the only sign. */
export function FreezeMark({
  kind,
  className = 'text-warn',
}: {
  readonly kind: FreezeInForce['kind']
  readonly className?: string
}) {
  const Icon = kind === 'locked' ? Lock : Snowflake
  return <Icon aria-hidden="true" className={`size-3.5 shrink-0 ${className}`} />
}
