'use client'

import { type ReactNode, useEffect, useState } from 'react'
import type { ProviderView } from '~/domain/account'
import { type Asked, askAuth, isRecord, startAtProvider } from '~/ui/auth/ask-auth'
import { askForPasskey } from '~/ui/auth/passkey'
import { Button } from '~/ui/primitives/button'
import { CodeField, FIELD, Field, PasswordField } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

interface SignInFormProps {
  readonly next: string
  readonly providers: readonly ProviderView[]
  /** Whether browsers offer passkeys for this page's host name. */
  readonly passkeys: boolean
  /** Why a sign-in at a provider failed, as the address says. */
  readonly refused: string | null
  /** The expected member. Another member may sign in too. */
  readonly email?: string
  /** By default the next page is loaded anew, so that nothing that another member saw remains. */
  readonly onSignedIn?: () => void
}

/** The id of the notice that says why the last attempt was refused. */
const REFUSAL = 'sign-in-refusal'

/** Signs in with e-mail address, password and, if the account has one, a second factor; or with a passkey. */
export function SignInForm({ next, providers, passkeys, refused, ...props }: SignInFormProps) {
  const { onSignedIn = () => window.location.assign(next) } = props
  const [email, setEmail] = useState(props.email ?? '')
  const [password, setPassword] = useState('')
  const { busy, refusal, wantsCode, byPassword, byCode, byPasskey, atProvider } = useSignIn(next, refused, onSignedIn)
  const alert = refusal !== null && (
    <Notice id={REFUSAL} tone="bad" role="alert">
      {refusal}
    </Notice>
  )
  if (wantsCode) return <CodeForm busy={busy} refused={refusal !== null} alert={alert} onCode={byCode} />
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
      <PasswordField
        id="password"
        label="Password"
        refusalId={refusal === WRONG_PASSWORD ? REFUSAL : null}
        value={password}
        onChange={setPassword}
      />
      {alert}
      <Button type="submit" tone="strong" disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
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

interface CodeFormProps {
  readonly busy: boolean
  readonly refused: boolean
  readonly alert: ReactNode
  readonly onCode: (code: string) => Promise<void>
}

/** Asks for the second factor after a correct password. */
function CodeForm({ busy, refused, alert, onCode }: CodeFormProps) {
  const [code, setCode] = useState('')
  useEffect(() => document.getElementById('code')?.focus(), [])
  return (
    <form
      aria-label="Second factor"
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void onCode(code).then(() => setCode(''))
      }}
    >
      <CodeField
        id="code"
        label="Code from your app"
        hint="or a backup code"
        refusalId={refused ? REFUSAL : null}
        value={code}
        onChange={setCode}
      />
      {alert}
      <Button type="submit" tone="strong" disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  )
}

/**
 * The ways to sign in, and the server's answer to the last attempt. A provider leads back to `next`, a page of this
 * console; the other ways end with `onSignedIn`.
 */
function useSignIn(next: string, refused: string | null, onSignedIn: () => void) {
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(refused)
  const [wantsCode, setWantsCode] = useState(false)

  const attempt = async (ask: () => Promise<Asked>) => {
    setBusy(true)
    setRefusal(null)
    const answer = await ask()
    const more = answer.ok && isRecord(answer.body) && answer.body['twoFactorRedirect'] === true
    if (answer.ok && !more) return onSignedIn()
    setBusy(false)
    if (more) setWantsCode(true)
    if (!answer.ok) setRefusal(REFUSALS[answer.code ?? ''] ?? answer.message)
    if (!answer.ok && OVER.has(answer.code ?? '')) setWantsCode(false)
  }

  return {
    busy,
    refusal,
    wantsCode,
    byPassword: (email: string, password: string) => attempt(() => askAuth('/sign-in/email', { email, password })),
    atProvider: async (provider: string) => {
      setBusy(true)
      const leads = await startAtProvider('/sign-in/social', provider, next)
      if (leads === null) return
      setBusy(false)
      setRefusal(leads)
    },
    /** Backup codes have a dash and letters, the app's have digits only. */
    byCode: (code: string) => {
      const kind = /^[\d\s]+$/.test(code) ? 'verify-totp' : 'verify-backup-code'
      return attempt(() => askAuth(`/two-factor/${kind}`, { code: code.replaceAll(/\s/g, '') }))
    },
    byPasskey: () =>
      attempt(async () => {
        const asked = await askForPasskey()
        if (!asked.ok) return { ...asked, code: null }
        return await askAuth('/passkey/verify-authentication', { response: asked.response })
      }),
  }
}

const WRONG_CODE = 'Incorrect code. Type the code that the app shows now, or a backup code.'

const WRONG_PASSWORD =
  'Incorrect e-mail address or password. Five incorrect passwords lock sign-in for 30 seconds. Each further one doubles the time, up to 15 minutes.'

const REFUSALS: Readonly<Record<string, string>> = {
  INVALID_EMAIL_OR_PASSWORD: WRONG_PASSWORD,
  INVALID_CODE: WRONG_CODE,
  INVALID_BACKUP_CODE: WRONG_CODE,
  INVALID_TWO_FACTOR_COOKIE: 'The sign-in expired. Sign in again.',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'Too many incorrect codes. Sign in again.',
  PASSKEY_NOT_FOUND:
    'This passkey is not registered here. You were not signed in. Sign in another way, then add the passkey to your account.',
}

/** Codes that end the attempt that the password began. */
const OVER: ReadonlySet<string> = new Set(['INVALID_TWO_FACTOR_COOKIE', 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE'])
