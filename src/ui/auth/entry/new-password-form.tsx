'use client'

import { useState } from 'react'
import { useAcceptLink } from '~/ui/auth/entry/use-accept-link'
import { Button } from '~/ui/primitives/button'
import { PasswordField } from '~/ui/primitives/field'

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
