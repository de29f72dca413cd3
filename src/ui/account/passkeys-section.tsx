'use client'

import { useState } from 'react'
import type { PasskeyView } from '~/domain/account'
import { AccountSection } from '~/ui/account/account-section'
import { PasskeyRow } from '~/ui/account/passkey-row'
import { addPasskey, passkeysWork } from '~/ui/auth/passkey'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

interface PasskeysSectionProps {
  readonly passkeys: readonly PasskeyView[]
  readonly onChanged: () => void
}

const ABOUT =
  'Signs you in, and confirms that it is you, without a password. It cannot be phished, and needs no second factor.'

export function PasskeysSection({ passkeys, onChanged }: PasskeysSectionProps) {
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const add = async () => {
    setBusy(true)
    setRefusal(null)
    const answer = await addPasskey(name.trim())
    setBusy(false)
    if (!answer.ok) return setRefusal(answer.message)
    setName('')
    onChanged()
  }
  return (
    <AccountSection id="passkeys" title="Passkeys" about={ABOUT}>
      {passkeys.length > 0 && (
        <ul aria-labelledby="passkeys" className="mb-4 rounded-[5px] border border-line">
          {passkeys.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} onChanged={onChanged} />
          ))}
        </ul>
      )}
      {passkeysWork() ? (
        <form
          className="flex items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            if (!busy && name.trim() !== '') void add()
          }}
        >
          <Field id="passkey-name" label="Name of a new passkey" hint="such as its device" className="min-w-0 flex-1">
            <input
              id="passkey-name"
              autoComplete="off"
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
              className={FIELD}
            />
          </Field>
          <Button type="submit" className="mb-0.5" disabled={busy || name.trim() === ''}>
            Add passkey
          </Button>
        </form>
      ) : (
        <p className="text-sm text-pretty text-ink-soft">
          Browsers make passkeys only for a name, such as localhost, or over TLS. Open the console by its name to add
          one.
        </p>
      )}
      {refusal !== null && (
        <div className="mt-3">
          <Notice tone="bad" role="alert">
            {refusal}
          </Notice>
        </div>
      )}
    </AccountSection>
  )
}
