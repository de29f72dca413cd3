'use client'

import { useState } from 'react'
import { SHORTEST_PASSWORD } from '~/domain/member'
import { AccountSection } from '~/ui/account/account-section'
import { postAuth } from '~/ui/auth/ask-auth'
import { Button } from '~/ui/primitives/button'
import { PasswordField } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

/** Changes the password and ends every other session. */
export function PasswordForm({ onChanged }: { readonly onChanged: () => void }) {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState<{ readonly ok: boolean; readonly text: string } | null>(null)
  const submit = async () => {
    setBusy(true)
    const body = { currentPassword: current, newPassword: next, revokeOtherSessions: true }
    const answer = await postAuth('/change-password', body)
    setBusy(false)
    setCurrent('')
    if (!answer.ok) {
      setSaid({ ok: false, text: answer.code === 'INVALID_PASSWORD' ? WRONG : answer.message })
      return
    }
    setNext('')
    setSaid({ ok: true, text: 'Password changed. All other sessions have ended.' })
    onChanged()
  }
  return (
    <AccountSection id="password" title="Password" about="A new password ends every other session.">
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (!busy) void submit()
        }}
      >
        <PasswordField
          id="current-password"
          label="Current password"
          refusalId={said?.text === WRONG ? 'password-answer' : null}
          value={current}
          onChange={setCurrent}
        />
        <PasswordField id="new-password" label="New password" isNew value={next} onChange={setNext} />
        {said !== null && (
          <Notice id="password-answer" tone={said.ok ? 'plain' : 'bad'} role={said.ok ? 'status' : 'alert'}>
            {said.text}
          </Notice>
        )}
        <Button
          type="submit"
          className="self-start"
          disabled={busy || current === '' || next.length < SHORTEST_PASSWORD}
        >
          Change password
        </Button>
      </form>
    </AccountSection>
  )
}

export const WRONG = 'Incorrect password. Nothing was changed. Try again.'
