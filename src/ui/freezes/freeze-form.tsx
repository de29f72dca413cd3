'use client'

import type { ComponentProps, ReactNode } from 'react'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'
import { useRefusal } from '~/ui/shell/member'
import { readWireError } from '~/ui/trpc/wire-error'

interface FreezeFormProps {
  readonly id: string
  readonly title: string
  readonly submit: string
  readonly ready: boolean
  /** Whose environment it would change. */
  readonly environment?: string | undefined
  /** Null: none. */
  readonly error: unknown
  readonly onSubmit: () => void
  readonly children: ReactNode
}

/** What opening a window and locking a surface have in common: a card with fields, a refusal, and the button. */
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

interface TextFieldProps extends Pick<ComponentProps<'input'>, 'type' | 'maxLength'> {
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

/** Kept in the audit trail, and read by whoever meets the freeze. */
export function ReasonField(props: Pick<TextFieldProps, 'id' | 'value' | 'onValue'>) {
  return <TextField {...props} label="Reason" maxLength={500} />
}
