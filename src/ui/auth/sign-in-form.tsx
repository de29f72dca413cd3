'use client'

import { useEffect, useState } from 'react'
import { CodeForm } from '~/ui/auth/code-form'
import { passkeysWork } from '~/ui/auth/passkey'
import { useSignIn } from '~/ui/auth/use-sign-in'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

/** E-mail address and password, then a code where the account has a second factor; or a passkey. */
export function SignInForm({ next }: { readonly next: string }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [passkeys, setPasskeys] = useState(false)
  // Only the browser knows, so the first picture is without the button.
  useEffect(() => setPasskeys(passkeysWork()), [])
  const { busy, refusal, wantsCode, byPassword, byCode, byPasskey } = useSignIn(next)
  const alert = refusal !== null && (
    <Notice tone="bad" role="alert">
      {refusal}
    </Notice>
  )
  if (wantsCode) return <CodeForm busy={busy} alert={alert} onCode={byCode} />
  return (
    <form
      aria-label="Sign in"
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void byPassword(email.trim(), password).then(() => setPassword(''))
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
      {alert}
      <Button type="submit" tone="strong" disabled={busy}>
        {busy ? 'Signing in …' : 'Sign in'}
      </Button>
      {passkeys && (
        <Button disabled={busy} onClick={() => void byPasskey()}>
          Sign in with a passkey
        </Button>
      )}
    </form>
  )
}
