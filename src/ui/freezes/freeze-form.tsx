'use client'

import { useSearchParams } from 'next/navigation'
import { type ComponentProps, type ReactNode, useState } from 'react'
import { inSentence } from '~/domain/foreign-text'
import type { SurfaceTile } from '~/domain/surface/tile'
import { utcInstant } from '~/ui/freezes/freeze-words'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'
import { useRefusal } from '~/ui/shell/member'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface FreezeFormProps {
  readonly id: string
  readonly title: string
  readonly submit: string
  readonly ready: boolean
  /** The environment that the form changes. */
  readonly environment?: string | undefined
  /** Null: none. */
  readonly error: unknown
  readonly onSubmit: () => void
  readonly children: ReactNode
}

/** The frame of both forms: a card with fields, a refusal and the button. */
export function FreezeForm({ id, title, submit, ready, environment, error, onSubmit, children }: FreezeFormProps) {
  const refusal = useRefusal('freeze.manage', environment)
  return (
    <form
      aria-labelledby={id}
      className="flex flex-col gap-3 rounded-md border border-line bg-panel p-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready && refusal === null) onSubmit()
      }}
    >
      <h2 id={id} className="text-sm font-semibold">
        {title}
      </h2>
      {children}
      {error !== null && (
        <Notice tone="bad" role="alert">
          {readWireError(error).message}
        </Notice>
      )}
      {refusal !== null && <p className="text-xs text-ink-soft">{refusal}</p>}
      <Button type="submit" tone="strong" className="mt-auto self-start" disabled={!ready || refusal !== null}>
        {submit}
      </Button>
    </form>
  )
}

interface TextFieldProps extends Pick<ComponentProps<'input'>, 'type' | 'maxLength' | 'autoFocus'> {
  readonly id: string
  readonly label: string
  readonly hint?: string
  readonly value: string
  readonly onValue: (value: string) => void
}

export function TextField({ id, label, hint, value, onValue, ...input }: TextFieldProps) {
  return (
    <Field id={id} label={label} {...(hint === undefined ? {} : { hint })}>
      <input
        id={id}
        value={value}
        autoComplete="off"
        onChange={(event) => onValue(event.target.value)}
        className={FIELD}
        {...input}
      />
    </Field>
  )
}

/** The reason is kept in the audit trail and shown to everyone whom the freeze stops. */
export function ReasonField(props: Pick<TextFieldProps, 'id' | 'value' | 'onValue' | 'autoFocus'>) {
  return <TextField {...props} label="Reason" maxLength={500} />
}

interface OpenWindowFormProps {
  readonly environments: readonly string[]
  readonly onChanged: () => void
}

/** Freezes an environment, from now or later, until a time or until the freeze is lifted. */
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
          hint="UTC, now if empty"
          type="datetime-local"
          value={from}
          onValue={setFrom}
        />
        <TextField
          id="window-until"
          label="Until"
          hint="UTC, no end if empty"
          type="datetime-local"
          value={until}
          onValue={setUntil}
        />
      </div>
    </FreezeForm>
  )
}

interface LockFormProps {
  readonly tiles: readonly SurfaceTile[]
  readonly onChanged: () => void
}

/** Locks one surface, in any environment, until it is unlocked. */
export function LockForm({ tiles, onChanged }: LockFormProps) {
  // The grid and the palette lead here with a surface in the address.
  const asked = useSearchParams()?.get('lock') ?? ''
  const [surfaceId, setSurfaceId] = useState(asked)
  const [reason, setReason] = useState('')
  const lock = trpc.surfaces.lock.useMutation({
    onSuccess: () => {
      setSurfaceId('')
      setReason('')
      onChanged()
    },
  })
  const ready = surfaceId !== '' && reason.trim() !== '' && !lock.isPending
  return (
    <FreezeForm
      id="lock-surface"
      title="Lock a surface"
      submit="Lock"
      ready={ready}
      environment={tiles.find(({ id }) => id === surfaceId)?.environment}
      error={lock.error}
      onSubmit={() => lock.mutate({ surfaceId, reason })}
    >
      <Field id="lock-id" label="Surface">
        <select id="lock-id" value={surfaceId} onChange={(event) => setSurfaceId(event.target.value)} className={FIELD}>
          <option value="">Choose a surface</option>
          {tiles.map((tile) => (
            <option key={tile.id} value={tile.id} disabled={tile.freezes.some(({ kind }) => kind === 'locked')}>
              {inSentence(tile.name)}, {inSentence(tile.environment)}
            </option>
          ))}
        </select>
      </Field>
      <ReasonField id="lock-reason" value={reason} onValue={setReason} autoFocus={asked !== ''} />
      <p className="text-xs text-ink-faint">
        The lock holds until someone unlocks the surface. To give it an end, use the lock on its tile.
      </p>
    </FreezeForm>
  )
}
