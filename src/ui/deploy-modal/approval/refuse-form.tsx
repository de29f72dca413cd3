'use client'

import { useState } from 'react'
import { useHeldInput } from '~/ui/deploy-modal/frame/held-input'
import { useFocusOnArrival } from '~/ui/deploy-modal/frame/use-focus-on-arrival'
import { Button } from '~/ui/primitives/button'
import { INPUT } from '~/ui/primitives/field'

interface RefuseFormProps {
  readonly pending: boolean
  readonly onRefuse: (reason: string) => void
  readonly onKeep: () => void
}

/** In the place of the buttons: a no says why. */
export function RefuseForm({ pending, onRefuse, onKeep }: RefuseFormProps) {
  const [reason, setReason] = useState('')
  const field = useFocusOnArrival<HTMLInputElement>()
  const why = reason.trim()
  useHeldInput(why !== '')
  return (
    <form
      className="flex shrink-0 flex-wrap items-end gap-2 border-t border-line px-5 py-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (why !== '') onRefuse(why)
      }}
    >
      <div className="min-w-full flex-1 sm:min-w-48">
        <label htmlFor="refuse-reason" className="mb-1 block text-sm font-medium">
          Why not? <span className="font-normal text-ink-faint">kept with the request</span>
        </label>
        <input
          id="refuse-reason"
          ref={field}
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
          autoComplete="off"
          className={`h-8 ${INPUT}`}
        />
      </div>
      <Button onClick={onKeep} disabled={pending} className="ml-auto">
        Back
      </Button>
      <Button type="submit" tone="danger" disabled={pending || why === ''}>
        {pending ? 'Refusing…' : 'Refuse'}
      </Button>
    </form>
  )
}
