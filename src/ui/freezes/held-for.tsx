import { Lock, Snowflake } from 'lucide-react'
import { inSentence } from '~/domain/foreign-text'
import type { FreezeInForce } from '~/domain/freeze'
import type { SurfaceTile } from '~/domain/surface/tile'
import { deployFreezeWords, untilWords } from '~/ui/freezes/freeze-words'
import { ForeignText } from '~/ui/primitives/foreign-text'

/** In one line: that DEPLOY_FREEZE in its repository freezes a surface, and why. No lift or override of the console ends it. */
export function HeldByVariable({ repository, freeze }: HeldByVariableProps) {
  return (
    <>
      <FreezeMark kind="frozen" />
      <span className="truncate text-warn" title={deployFreezeWords(repository, freeze)}>
        by DEPLOY_FREEZE: <ForeignText text={freeze.reason} whole />
      </span>
    </>
  )
}

interface HeldByVariableProps {
  readonly repository: string
  readonly freeze: NonNullable<SurfaceTile['deployFreeze']>
}

/** In one line: why a surface is held, and until when. The mark says which kind; whoever uses it says the word. */
export function HeldFor({ freeze }: { readonly freeze: FreezeInForce }) {
  const { kind, reason, by, until } = freeze
  return (
    <>
      <FreezeMark kind={kind} />
      <span className="truncate text-warn" title={`${inSentence(reason)} (${inSentence(by)}), ${untilWords(until)}`}>
        <ForeignText text={reason} whole />
        {until !== null && `, ${untilWords(until)}`}
      </span>
    </>
  )
}

/** A shape for each kind: neither rests on its colour. */
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
