'use client'

import { useState } from 'react'
import { inSentence } from '~/domain/foreign-text'
import { FreezeForm, ReasonField, TextField } from '~/ui/freezes/freeze-form'
import { utcInstant } from '~/ui/freezes/freeze-words'
import { FIELD, Field } from '~/ui/primitives/field'
import { trpc } from '~/ui/trpc/client'

interface OpenWindowFormProps {
  readonly environments: readonly string[]
  readonly onChanged: () => void
}

/** Freezes an environment: from now or later, until a time or until it is lifted. */
export function OpenWindowForm({ environments, onChanged }: OpenWindowFormProps) {
  const [chosen, setEnvironment] = useState<string | null>(null)
  const environment = chosen ?? environments.find((name) => name === 'production') ?? environments[0] ?? 'production'
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
    <FreezeForm
      id="open-window"
      title="Freeze an environment"
      submit={`Freeze ${inSentence(environment)}`}
      ready={reason.trim() !== '' && !open.isPending}
      environment={environment}
      error={open.error}
      onSubmit={() =>
        open.mutate({
          environment,
          reason,
          ...(startsAt === null ? {} : { startsAt }),
          ...(endsAt === null ? {} : { endsAt }),
        })
      }
    >
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
      <ReasonField id="window-reason" value={reason} onValue={setReason} />
      <div className="grid gap-3 sm:grid-cols-2">
        <TextField
          id="window-from"
          label="From"
          hint="UTC; empty: now"
          type="datetime-local"
          value={from}
          onValue={setFrom}
        />
        <TextField
          id="window-until"
          label="Until"
          hint="UTC; empty: until lifted"
          type="datetime-local"
          value={until}
          onValue={setUntil}
        />
      </div>
    </FreezeForm>
  )
}
