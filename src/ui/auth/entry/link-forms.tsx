'use client'

import { useState } from 'react'
import { postAuth } from '~/ui/auth/ask-auth'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field, INPUT, PasswordField } from '~/ui/primitives/field'
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

/** Sets a new password with a link. The member then signs in, with the second factor if there is one. */
export function NewPasswordForm({ token, email }: { readonly token: string; readonly email: string }) {
  const [password, setPassword] = useState('')
  const { busy, notice, accept } = useAcceptLink(token, '/sign-in')
  return (
    <form
      aria-label="Set a new password"
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        void accept({ password })
      }}
    >
      {/* Tells password managers which account the new password belongs to. */}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      <PasswordField id="password" label="New password" isNew value={password} onChange={setPassword} />
      {notice}
      <Button type="submit" tone="strong" disabled={busy}>
        Set password
      </Button>
    </form>
  )
}

/** Opening the page alone does not use the link, since a program may have fetched it for a preview. */
export function SandboxStart({ token }: { readonly token: string }) {
  const { busy, notice, accept } = useAcceptLink(token, '/')
  return (
    <div className="flex flex-col gap-3">
      {notice}
      <Button tone="strong" autoFocus disabled={busy} onClick={() => void accept()}>
        Start the sandbox
      </Button>
    </div>
  )
}

type Typed = Readonly<Record<string, string>>

/** Uses a link up and opens `next`. Typed text stays after a refusal. */
function useAcceptLink(token: string, next: '/' | '/sign-in') {
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const accept = async (typed: Typed = {}): Promise<void> => {
    if (busy) return
    setBusy(true)
    setRefusal(null)
    const answer = await postAuth('/links/accept', { token, ...typed })
    if (answer.ok) return window.location.assign(next)
    setBusy(false)
    setRefusal(answer.message)
  }
  const notice = refusal !== null && (
    <Notice tone="bad" role="alert">
      {refusal}
    </Notice>
  )
  return { busy, notice, accept }
}
