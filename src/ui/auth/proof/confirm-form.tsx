'use client'

import { useEffect, useRef, useState } from 'react'
import { passkeysWork } from '~/ui/auth/passkey'
import { SignInAgain } from '~/ui/auth/proof/sign-in-again'
import { useProof } from '~/ui/auth/proof/use-proof'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'
import { Skeleton } from '~/ui/primitives/skeleton'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface ConfirmFormProps {
  readonly onProved: () => void
  readonly onCancel: () => void
}

/** Password, passkey, or what the sandbox has in their place. */
export function ConfirmForm({ onProved, onCancel }: ConfirmFormProps) {
  const [password, setPassword] = useState('')
  const methods = trpc.account.proofMethods.useQuery(undefined, { staleTime: 0 })
  const { busy, refusal, byPassword, byPasskey, inSandbox } = useProof(onProved)
  const field = useRef<HTMLInputElement>(null)
  // The field comes after the dialog, once the server has said what there is.
  useEffect(() => {
    if (methods.isSuccess) field.current?.focus()
  }, [methods.isSuccess])
  if (methods.isPending) return <Skeleton className="h-9" />
  if (methods.isError) {
    return (
      <Notice tone="bad" role="alert">
        {readWireError(methods.error).message}
      </Notice>
    )
  }
  const { password: hasPassword, sandbox } = methods.data
  const passkey = methods.data.passkey && passkeysWork()
  return (
    <form
      aria-label="Confirm that it is you"
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (busy) return
        if (hasPassword) void byPassword(password).then(() => setPassword(''))
        else if (sandbox) void inSandbox()
        else if (passkey) void byPasskey()
      }}
    >
      {hasPassword && (
        <Field id="confirm-password" label="Password">
          <input
            id="confirm-password"
            type="password"
            autoComplete="current-password"
            required
            ref={field}
            maxLength={128}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            className={FIELD}
          />
        </Field>
      )}
      {sandbox && !hasPassword && (
        <p className="text-sm text-pretty text-ink-soft">
          This is the sandbox, where nothing is at stake: a click is enough. A console with people asks for the password
          or a passkey here.
        </p>
      )}
      {!hasPassword && !passkey && !sandbox && <SignInAgain providers={methods.data.providers} />}
      {refusal !== null && (
        <Notice tone="bad" role="alert">
          {refusal}
        </Notice>
      )}
      <div className="mt-1 flex flex-wrap justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        {passkey && (hasPassword || sandbox) && (
          <Button disabled={busy} onClick={() => void byPasskey()}>
            Use a passkey
          </Button>
        )}
        {(hasPassword || passkey || sandbox) && (
          <Button type="submit" tone="strong" autoFocus={!hasPassword} disabled={busy}>
            {hasPassword ? 'Confirm' : sandbox ? 'It is me' : 'Use a passkey'}
          </Button>
        )}
      </div>
    </form>
  )
}
