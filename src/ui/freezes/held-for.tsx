import { inSentence } from '~/domain/foreign-text'
import type { FreezeInForce } from '~/domain/freeze'
import { FreezeMark } from '~/ui/freezes/freeze-mark'
import { untilWords } from '~/ui/freezes/freeze-words'
import { ForeignText } from '~/ui/primitives/foreign-text'

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
