'use client'

import { useState } from 'react'
import type { ProviderView } from '~/domain/account'
import { CodeForm } from '~/ui/auth/sign-in/code-form'
import { useSignIn } from '~/ui/auth/sign-in/use-sign-in'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

interface SignInFormProps {
  readonly next: string
  readonly providers: readonly ProviderView[]
  /** Whether browsers have any for the name this page was asked under. */
  readonly passkeys: boolean
  /** What became of a sign-in at a provider, as it came back in the address. */
  readonly refused: string | null
  /** Who is expected; anybody may sign in all the same. */
  readonly email?: string
  /** By default the next page is loaded whole: nothing of what somebody else saw before may stay. */
  readonly onSignedIn?: () => void
}

/** E-mail address and password, then a code where the account has a second factor; or a passkey. */
export function SignInForm({ next, providers, passkeys, refused, ...props }: SignInFormProps) {
  const { onSignedIn = () => window.location.assign(next) } = props
  const [email, setEmail] = useState(props.email ?? '')
  const [password, setPassword] = useState('')
  const { busy, refusal, wantsCode, byPassword, byCode, byPasskey, atProvider } = useSignIn(next, refused, onSignedIn)
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
      {providers.map(({ id, name }) => (
        <Button key={id} disabled={busy} onClick={() => void atProvider(id)}>
          Sign in with {name}
        </Button>
      ))}
      {passkeys && (
        <Button disabled={busy} onClick={() => void byPasskey()}>
          Sign in with a passkey
        </Button>
      )}
    </form>
  )
}
