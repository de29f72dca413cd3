import { useState } from 'react'
import { SHORTEST_PASSWORD } from '~/domain/member'
import { postAuth } from '~/ui/auth/ask-auth'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

type Typed = Readonly<Record<string, string>>

/** Uses a link up and opens `next`. Typed text stays after a refusal. */
export function useAcceptLink(token: string, next: '/' | '/sign-in') {
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

interface NewPasswordProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
}

export function NewPassword({ label, value, onChange }: NewPasswordProps) {
  return (
    <Field id="password" label={label} hint={`${SHORTEST_PASSWORD} characters or more`}>
      <input
        id="password"
        type="password"
        name="password"
        autoComplete="new-password"
        required
        minLength={SHORTEST_PASSWORD}
        maxLength={128}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={FIELD}
      />
    </Field>
  )
}
