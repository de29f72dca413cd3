'use client'

import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import type { PasskeyView } from '~/domain/account'
import { inSentence } from '~/domain/foreign-text'
import { Button } from '~/ui/primitives/button'
import { FIELD } from '~/ui/primitives/field'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface PasskeyRowProps {
  readonly passkey: PasskeyView
  readonly onChanged: () => void
}

/** One passkey: its name, which can be changed, and the way to take it away. */
export function PasskeyRow({ passkey, onChanged }: PasskeyRowProps) {
  const [asked, setAsked] = useState<'nothing' | 'name' | 'removal'>('nothing')
  const [name, setName] = useState(passkey.name)
  const done = () => {
    setAsked('nothing')
    onChanged()
  }
  const rename = trpc.account.renamePasskey.useMutation({ onSuccess: done })
  const remove = trpc.account.removePasskey.useMutation({ onSuccess: done, onError: () => setAsked('nothing') })
  const error = rename.error ?? remove.error
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
        <p role="alert" className="mt-1 text-bad">
          {readWireError(error).message}
        </p>
      )}
    </li>
  )
}
