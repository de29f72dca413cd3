'use client'

import { useState } from 'react'
import { utcInstant } from '~/ui/freezes/freeze-words'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface OpenWindowFormProps {
  readonly environments: readonly string[]
  readonly onChanged: () => void
}

/** Freezes an environment: from now or later, until a time or until it is lifted. */
export function OpenWindowForm({ environments, onChanged }: OpenWindowFormProps) {
  const [environment, setEnvironment] = useState('production')
  const [reason, setReason] = useState('')
  const [from, setFrom] = useState('')
  const [until, setUntil] = useState('')
  const open = trpc.freezes.open.useMutation({
    onSuccess: () => {
      setReason('')
      setFrom('')
      setUntil('')
      onChanged()
    },
  })
  const startsAt = utcInstant(from)
  const endsAt = utcInstant(until)
  return (
    <form
      aria-labelledby="open-window"
      className="flex flex-col gap-3 rounded-md border border-line bg-panel p-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (open.isPending || reason.trim() === '') return
        open.mutate({
          environment,
          reason,
          ...(startsAt === null ? {} : { startsAt }),
          ...(endsAt === null ? {} : { endsAt }),
        })
      }}
    >
      <h2 id="open-window" className="text-sm font-semibold">
        Freeze an environment
      </h2>
      <Field id="window-environment" label="Environment">
        <select
          id="window-environment"
          value={environment}
          onChange={(event) => setEnvironment(event.target.value)}
          className={FIELD}
        >
          {environments.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      <Field id="window-reason" label="Reason">
        <input
          id="window-reason"
          value={reason}
          maxLength={500}
          autoComplete="off"
          onChange={(event) => setReason(event.target.value)}
          className={FIELD}
        />
      </Field>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field id="window-from" label="From" hint="UTC; empty: now">
          <input
            id="window-from"
            type="datetime-local"
            value={from}
            onChange={(event) => setFrom(event.target.value)}
            className={FIELD}
          />
        </Field>
        <Field id="window-until" label="Until" hint="UTC; empty: until lifted">
          <input
            id="window-until"
            type="datetime-local"
            value={until}
            onChange={(event) => setUntil(event.target.value)}
            className={FIELD}
          />
        </Field>
      </div>
      {open.isError && (
        <Notice tone="bad" role="alert">
          {readWireError(open.error).message}
        </Notice>
      )}
      <Button type="submit" tone="strong" className="self-start" disabled={reason.trim() === '' || open.isPending}>
        Freeze {environment}
      </Button>
    </form>
  )
}
