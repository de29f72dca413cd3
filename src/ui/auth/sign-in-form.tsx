'use client'

import { useState } from 'react'
import { postAuth } from '~/ui/auth/post-auth'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

/** E-mail address and password. `next` was checked by the server: a page of this console. */
export function SignInForm({ next }: { readonly next: string }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const submit = async () => {
    setBusy(true)
    setRefusal(null)
    const answer = await postAuth('/sign-in/email', { email: email.trim(), password })
    // A full load: nothing of what somebody else saw before may stay.
    if (answer.ok) return window.location.assign(next)
    setBusy(false)
    setPassword('')
    setRefusal(answer.code === 'INVALID_EMAIL_OR_PASSWORD' ? WRONG : answer.message)
  }
  return (
    <form
      aria-label="Sign in"
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void submit()
      }}
    >
      <Field id="email" label="E-mail address">
        <input
          id="email"
          type="email"
          name="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          className={FIELD}
        />
      </Field>
      <Field id="password" label="Password">
        <input
          id="password"
          type="password"
          name="password"
          autoComplete="current-password"
          required
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
        {busy ? 'Signing in …' : 'Sign in'}
      </Button>
    </form>
  )
}

const WRONG = 'Address and password do not fit together. After five wrong passwords an address has to wait a little.'
