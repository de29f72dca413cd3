'use client'

import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import type { PasskeyView } from '~/domain/account'
import { inSentence } from '~/domain/foreign-text'
import { AccountSection } from '~/ui/account/account-section'
import { addPasskey, passkeysWork } from '~/ui/auth/passkey'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field, tiedTo } from '~/ui/primitives/field'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface PasskeysSectionProps {
  readonly passkeys: readonly PasskeyView[]
  readonly onChanged: () => void
}

const ABOUT =
  'A passkey signs you in and confirms your identity without a password. It resists phishing and needs no second factor.'

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
          Browsers create passkeys only for a host name, over HTTPS or on localhost. Open the console by its host name
          to add a passkey.
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

interface PasskeyRowProps {
  readonly passkey: PasskeyView
  readonly onChanged: () => void
}

/** One passkey, with the buttons that rename and remove it. */
function PasskeyRow({ passkey, onChanged }: PasskeyRowProps) {
  const [asked, setAsked] = useState<'nothing' | 'name' | 'removal'>('nothing')
  const [name, setName] = useState(passkey.name)
  const done = () => {
    setAsked('nothing')
    onChanged()
  }
  const rename = trpc.account.renamePasskey.useMutation({ onSuccess: done })
  const remove = trpc.account.removePasskey.useMutation({ onSuccess: done, onError: () => setAsked('nothing') })
  const error = rename.error ?? remove.error
  const refusalId = `${passkey.id}-refusal`
  return (
    <li className="border-t border-line px-3 py-2 text-sm first:border-t-0">
      <form
        className="flex flex-wrap items-center gap-x-3 gap-y-1"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') rename.mutate({ id: passkey.id, name })
        }}
      >
        <KeyRound aria-hidden="true" className="size-4 shrink-0 text-ink-faint" />
        {asked === 'name' ? (
          <input
            aria-label={`New name of ${inSentence(passkey.name)}`}
            ref={(field) => field?.focus()}
            maxLength={100}
            {...tiedTo(rename.isError ? refusalId : null)}
            value={name}
            onChange={(event) => setName(event.target.value)}
            className={`${FIELD} h-8 flex-1`}
          />
        ) : (
          <p className="min-w-32 flex-1">
            <span className="font-medium break-words">
              <ForeignText text={passkey.name} />
            </span>
            {passkey.createdAt !== null && (
              <span className="ml-2 text-xs text-ink-faint">
                added <TimeAgo at={passkey.createdAt} />
              </span>
            )}
          </p>
        )}
        <span className="ml-auto flex gap-1">
          {asked === 'nothing' ? (
            <>
              <Button tone="bare" onClick={() => setAsked('name')}>
                Rename
                <span className="sr-only">
                  {' '}
                  <ForeignText text={passkey.name} />
                </span>
              </Button>
              <Button tone="bare" onClick={() => setAsked('removal')}>
                Remove
                <span className="sr-only">
                  {' '}
                  <ForeignText text={passkey.name} />
                </span>
              </Button>
            </>
          ) : (
            <Button tone="bare" onClick={() => setAsked('nothing')}>
              Keep
            </Button>
          )}
          {asked === 'name' && (
            <Button type="submit" disabled={rename.isPending}>
              Save
            </Button>
          )}
          {asked === 'removal' && (
            <Button
              tone="danger"
              autoFocus
              disabled={remove.isPending}
              onClick={() => remove.mutate({ id: passkey.id })}
            >
              Remove now
            </Button>
          )}
        </span>
      </form>
      {error !== null && (
        <p id={refusalId} role="alert" className="mt-1 text-bad">
          {readWireError(error).message}
        </p>
      )}
    </li>
  )
}
