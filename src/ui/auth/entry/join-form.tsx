'use client'

import { useState } from 'react'
import { SHORTEST_PASSWORD } from '~/domain/member'
import { postAuth } from '~/ui/auth/ask-auth'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field, INPUT } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

interface JoinFormProps {
  readonly token: string
  /** If set, the link is for this address only. */
  readonly email: string | null
  readonly action: string
}

/** Creates an account with an invitation or setup link, which uses up the link, and signs in. */
export function JoinForm({ token, email: invited, action }: JoinFormProps) {
  const [name, setName] = useState('')
  const [email, setEmail] = useState(invited ?? '')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const submit = async () => {
    setBusy(true)
    setRefusal(null)
    const answer = await postAuth('/links/accept', { token, name: name.trim(), email: email.trim(), password })
    if (answer.ok) return window.location.assign('/')
    setBusy(false)
    setRefusal(answer.message)
  }
  return (
    <form
      aria-label={action}
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void submit()
      }}
    >
      <Field id="name" label="Name">
        <input
          id="name"
          name="name"
          autoComplete="name"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
          className={FIELD}
        />
      </Field>
      <Field id="email" label="E-mail address">
        <input
          id="email"
          type="email"
          name="email"
          autoComplete="username"
          required
          readOnly={invited !== null}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          className={`h-9 ${INPUT}`}
        />
      </Field>
      <Field id="password" label="Password" hint={`${SHORTEST_PASSWORD} characters or more`}>
        <input
          id="password"
          type="password"
          name="password"
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
        {action}
      </Button>
    </form>
  )
}
