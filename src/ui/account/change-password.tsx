'use client'

import { useState } from 'react'
import { SHORTEST_PASSWORD } from '~/domain/member'
import { postAuth } from '~/ui/auth/post-auth'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

type State = { readonly kind: 'idle' | 'busy' | 'done' } | { readonly kind: 'refused'; readonly why: string }

/** A new password ends every other session: whoever had the old one is out. */
export function ChangePassword() {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [state, setState] = useState<State>({ kind: 'idle' })
  const submit = async () => {
    setState({ kind: 'busy' })
    const passwords = { currentPassword: current, newPassword: next, revokeOtherSessions: true }
    const answer = await postAuth('/change-password', passwords)
    if (!answer.ok) return setState({ kind: 'refused', why: answer.message })
    setCurrent('')
    setNext('')
    setState({ kind: 'done' })
  }
  return (
    <form
      aria-labelledby="change-password"
      className="flex flex-col gap-3 rounded-md border border-line bg-panel p-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (state.kind !== 'busy') void submit()
      }}
    >
      <h2 id="change-password" className="text-sm font-semibold">
        Change the password
      </h2>
      <Field id="current-password" label="Current password">
        <input
          id="current-password"
          type="password"
          autoComplete="current-password"
          required
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
          className={FIELD}
        />
      </Field>
      <Field id="new-password" label="New password" hint={`${SHORTEST_PASSWORD} characters or more`}>
        <input
          id="new-password"
          type="password"
          autoComplete="new-password"
          required
          minLength={SHORTEST_PASSWORD}
          maxLength={128}
          value={next}
          onChange={(event) => setNext(event.target.value)}
          className={FIELD}
        />
      </Field>
      {state.kind === 'refused' && (
        <Notice tone="bad" role="alert">
          {state.why}
        </Notice>
      )}
      {state.kind === 'done' && (
        <Notice tone="plain" role="status">
          The password is changed. Every other session has ended.
        </Notice>
      )}
      <Button type="submit" tone="strong" className="self-start" disabled={state.kind === 'busy'}>
        Change it
      </Button>
    </form>
  )
}
