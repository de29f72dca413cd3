'use client'

import { useState } from 'react'
import { SHORTEST_PASSWORD } from '~/domain/member'
import { postAuth } from '~/ui/auth/ask-auth'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

/** Sets a new password with a link. The member then signs in, with the second factor if there is one. */
export function RecoverForm({ token, email }: { readonly token: string; readonly email: string }) {
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const submit = async () => {
    setBusy(true)
    setRefusal(null)
    const answer = await postAuth('/links/accept', { token, password })
    if (answer.ok) return window.location.assign('/sign-in')
    setBusy(false)
    setRefusal(answer.message)
  }
  return (
    <form
      aria-label="Set a new password"
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void submit()
      }}
    >
      {/* Tells password managers which account the new password belongs to. */}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      <Field id="password" label="New password" hint={`${SHORTEST_PASSWORD} characters or more`}>
        <input
          id="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={SHORTEST_PASSWORD}
          maxLength={128}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          className={FIELD}
        />
      </Field>
      {refusal !== null && (
        <Notice tone="bad" role="alert">
          {refusal}
        </Notice>
      )}
      <Button type="submit" tone="strong" disabled={busy}>
        Set password
      </Button>
    </form>
  )
}
