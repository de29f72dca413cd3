'use client'

import { useState } from 'react'
import { useAcceptLink } from '~/ui/auth/entry/use-accept-link'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field, INPUT, PasswordField } from '~/ui/primitives/field'

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
  const { busy, notice, accept } = useAcceptLink(token, '/')
  return (
    <form
      aria-label={action}
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        void accept({ name: name.trim(), email: email.trim(), password })
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
      <PasswordField id="password" label="Password" isNew value={password} onChange={setPassword} />
      {notice}
      <Button type="submit" tone="strong" disabled={busy}>
        {action}
      </Button>
    </form>
  )
}
