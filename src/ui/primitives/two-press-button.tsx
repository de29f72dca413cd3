import { useState } from 'react'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface TwoPressButtonProps {
  /** What it does, such as "Revoke". */
  readonly word: string
  /** Of the second press; without it, the word and "now". */
  readonly now?: string
  /** What it does that to, for screen readers. */
  readonly name: string
  /** Why it could not be done; null if nothing went wrong. */
  readonly problem: string | null
  readonly pending: boolean
  readonly onConfirm: () => void
}

/** Takes two presses, where one would take something away from somebody who may depend on it. */
export function TwoPressButton({ word, now = `${word} now`, name, problem, pending, onConfirm }: TwoPressButtonProps) {
  const [asked, setAsked] = useState(false)
  if (problem !== null) {
    return (
      <p role="alert" className="max-w-80 py-1.5 text-bad">
        {problem}
      </p>
    )
  }
  if (!asked) {
    return (
      <Button className="ml-auto" onClick={() => setAsked(true)}>
        {word}
        <span className="sr-only">
          {' '}
          <ForeignText text={name} />
        </span>
      </Button>
    )
  }
  return (
    <p className="ml-auto flex items-center gap-1">
      <Button tone="bare" onClick={() => setAsked(false)}>
        Keep
      </Button>
      <Button tone="danger" autoFocus disabled={pending} onClick={onConfirm}>
        {now}
      </Button>
    </p>
  )
}
