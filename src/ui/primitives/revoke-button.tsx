import { useState } from 'react'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface RevokeButtonProps {
  /** What is revoked, for screen readers. */
  readonly name: string
  /** Why it could not be revoked; null if nothing went wrong. */
  readonly problem: string | null
  readonly pending: boolean
  readonly onRevoke: () => void
}

/** Takes two presses: a script or a page may depend on what is revoked, and loses it for good. */
export function RevokeButton({ name, problem, pending, onRevoke }: RevokeButtonProps) {
  const [asked, setAsked] = useState(false)
  if (problem !== null) {
    return (
      <p role="alert" className="py-1.5 text-bad">
        {problem}
      </p>
    )
  }
  if (!asked) {
    return (
      <Button className="ml-auto" onClick={() => setAsked(true)}>
        Revoke
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
      <Button tone="danger" autoFocus disabled={pending} onClick={onRevoke}>
        Revoke now
      </Button>
    </p>
  )
}
