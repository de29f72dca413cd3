'use client'

import type { ReviewWarning } from '~/domain/surface/review'
import { Button } from '~/ui/primitives/button'
import { Sentence } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { consoleNow, consoleTime } from '~/ui/time/clock'
import { asOf } from '~/ui/time/relative-time'

interface ReviewWarningsProps {
  readonly warnings: readonly ReviewWarning[]
  /** Opens the deploy that holds the surface. */
  readonly onFollow: (deployId: string) => void
}

/** Blocking warnings come first. */
export function ReviewWarnings({ warnings, onFollow }: ReviewWarningsProps) {
  if (warnings.length === 0) return null
  const ordered = warnings.toSorted((a, b) => Number(b.blocking) - Number(a.blocking))
  return (
    <ul aria-label="Warnings" className="flex flex-col gap-2">
      {ordered.map(({ deployId, ...warning }) => (
        <li key={`${warning.kind} ${warning.text}`} data-warning={warning.kind} data-blocking={warning.blocking}>
          <Notice
            tone={warning.blocking ? 'bad' : warning.kind === 'nothing_new' ? 'plain' : 'warn'}
            action={
              deployId === undefined ? undefined : <Button onClick={() => onFollow(deployId)}>Open that deploy</Button>
            }
          >
            {warning.blocking && <span className="font-medium">Blocked. </span>}
            <Sentence text={warning.text} />
          </Notice>
        </li>
      ))}
    </ul>
  )
}

/** When the review was made; `at` is by the local clock. */
export function SaidAt({ at }: { readonly at: number }) {
  return <>Read from GitHub and the surface at {asOf(consoleTime(at), consoleNow())}.</>
}
