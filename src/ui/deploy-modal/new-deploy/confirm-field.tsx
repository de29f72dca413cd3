'use client'

import { useState } from 'react'
import { inSentence } from '~/domain/foreign-text'
import { useFocusOnArrival } from '~/ui/deploy-modal/frame/use-focus-on-arrival'
import { isConfirmed } from '~/ui/deploy-modal/new-deploy/flow'
import { INPUT } from '~/ui/primitives/field'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface ConfirmFieldProps {
  readonly confirm: string
  readonly typed: string
  /** What typing the name is for. */
  readonly verb: string
  readonly locked: boolean
  readonly onType: (text: string) => void
}

/** The name to type. Says that it does not match once somebody takes it for finished, not with every letter. */
export function ConfirmField({ confirm, typed, verb, locked, onType }: ConfirmFieldProps) {
  const field = useFocusOnArrival<HTMLInputElement>()
  const [finished, setFinished] = useState(false)
  const wrong = finished && !isConfirmed(typed, confirm)
  return (
    <div>
      <label htmlFor="deploy-confirm" className="mb-1 block text-sm font-medium">
        Type{' '}
        <code className="rounded-[3px] bg-well px-1 py-0.5 font-mono text-[0.8125rem] select-all">
          <ForeignText text={confirm} />
        </code>{' '}
        to {verb.toLowerCase()}
      </label>
      <input
        id="deploy-confirm"
        ref={field}
        value={typed}
        readOnly={locked}
        onChange={(event) => {
          setFinished(false)
          onType(event.target.value)
        }}
        onBlur={() => setFinished(typed !== '')}
        // A form whose button is disabled is not submitted by Enter, so nothing else would hear it.
        onKeyDown={(event) => event.key === 'Enter' && setFinished(true)}
        aria-invalid={wrong}
        aria-describedby="deploy-confirm-answer"
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        className={`h-9 font-mono ${INPUT} aria-invalid:border-bad`}
      />
      <p id="deploy-confirm-answer" aria-live="polite" className="mt-1 min-h-[1.125rem] text-xs text-bad">
        {wrong && `Does not match ${inSentence(confirm)}`}
      </p>
    </div>
  )
}
