'use client'

import { Dialog } from '@base-ui/react/dialog'
import { useEffect, useRef, useState } from 'react'
import type { ProofMethods } from '~/domain/account'
import { PROOF_LASTS_MINUTES } from '~/domain/actor'
import { postAuth, startAtProvider } from '~/ui/auth/ask-auth'
import { askForPasskey, passkeysWork } from '~/ui/auth/passkey'
import type { Prompted } from '~/ui/auth/prompts'
import { Button } from '~/ui/primitives/button'
import { PasswordField } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'
import { Skeleton } from '~/ui/primitives/skeleton'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

export function ConfirmDialog({ open, settle }: Prompted) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => next || settle(false)} disablePointerDismissal>
      <Dialog.Portal>
        <Dialog.Backdrop forceRender className="fixed inset-0 z-30 bg-veil" />
        <Dialog.Viewport className="fixed inset-0 z-30 flex items-start justify-center overflow-y-auto p-4 sm:pt-[16vh]">
          <Dialog.Popup className="w-full max-w-[25rem] rounded-md border border-line bg-panel p-5 text-ink outline-none">
            <Dialog.Title className="text-base leading-6 font-semibold tracking-[-0.01em]">
              Confirm your identity
            </Dialog.Title>
            <Dialog.Description className="mt-1 mb-4 text-sm text-pretty text-ink-soft">
              To do this, confirm your identity. A confirmation is valid for {PROOF_LASTS_MINUTES} minutes. The action
              continues after you confirm.
            </Dialog.Description>
            <ConfirmForm onProved={() => settle(true)} onCancel={() => settle(false)} />
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

interface ConfirmFormProps {
  readonly onProved: () => void
  readonly onCancel: () => void
}

/** Password, passkey, or the sandbox's confirmation. */
function ConfirmForm({ onProved, onCancel }: ConfirmFormProps) {
  const [password, setPassword] = useState('')
  const methods = trpc.account.proofMethods.useQuery(undefined, { staleTime: 0 })
  const { busy, refusal, refusedPassword, byPassword, byPasskey, inSandbox } = useProof(onProved)
  const field = useRef<HTMLInputElement>(null)
  // The field appears after the dialog, once the server has named the ways to confirm.
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
      aria-label="Confirm your identity"
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
        <PasswordField
          id="confirm-password"
          label="Password"
          refusalId={refusedPassword ? 'confirm-refusal' : null}
          ref={field}
          value={password}
          onChange={setPassword}
        />
      )}
      {sandbox && !hasPassword && (
        <p className="text-sm text-pretty text-ink-soft">
          In the sandbox, one click is enough. Outside the sandbox, the console asks for your password or a passkey.
        </p>
      )}
      {!hasPassword && !passkey && !sandbox && <SignInAgain providers={methods.data.providers} />}
      {refusal !== null && (
        <Notice id="confirm-refusal" tone="bad" role="alert">
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
            {hasPassword || sandbox ? 'Confirm' : 'Use a passkey'}
          </Button>
        )}
      </div>
    </form>
  )
}

type Providers = ProofMethods['providers']

/**
 * A member without a password or a passkey confirms by signing in again, if the provider can prove when it asked for
 * credentials.
 */
function SignInAgain({ providers }: Pick<ProofMethods, 'providers'>) {
  const [refusal, setRefusal] = useState<string | null>(null)
  const leave = async (id: string) => {
    const { pathname, search } = window.location
    setRefusal(await startAtProvider('/sign-in/social', id, pathname + search, { anew: true }))
  }
  const named = (proof: Providers[number]['proof']) => providers.filter((provider) => provider.proof === proof)
  const possible = named('possible')
  return (
    <>
      {named('missing').map(({ id, name }) => (
        <Notice key={id} tone="bad" role="alert">
          You signed in again with {name}, but {name} did not confirm that it asked for your credentials. Nothing was
          changed. Ask the operator of this console to have {name} send <code className="font-mono">auth_time</code>.
        </Notice>
      ))}
      {named('never').map(({ id, name }) => (
        <p key={id} className="text-sm text-pretty text-ink-soft">
          {name} does not report when it last asked for your credentials, so signing in with {name} cannot confirm your
          identity.
        </p>
      ))}
      {possible.length === 0 ? (
        <p className="text-sm text-pretty text-ink-soft">
          You have neither a password nor a passkey here. Ask an admin for a link that sets a password (People, Change).
          After you set a password, you can add a passkey under “Account”.
        </p>
      ) : (
        <p className="text-sm text-pretty text-ink-soft">
          You have neither a password nor a passkey here, so sign in again to confirm your identity. You return to this
          page; then repeat your action. To skip this step next time, add a passkey under “Account”.
        </p>
      )}
      {possible.map(({ id, name }) => (
        <Button key={id} tone="strong" onClick={() => void leave(id)}>
          Sign in again with {name}
        </Button>
      ))}
      {refusal !== null && (
        <p role="alert" className="text-sm text-bad">
          {refusal}
        </p>
      )}
    </>
  )
}

const BY_PASSWORD = '/confirm/password'

/** Confirms who is signed in. Calls `onProved` once the server accepts the proof. */
function useProof(onProved: () => void) {
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const [tried, setTried] = useState<string | null>(null)

  const prove = async (path: string, body: () => Promise<Readonly<Record<string, unknown>> | string>) => {
    setBusy(true)
    setRefusal(null)
    setTried(path)
    const given = await body()
    const answer = typeof given === 'string' ? { ok: false as const, message: given } : await postAuth(path, given)
    setBusy(false)
    if (answer.ok) onProved()
    else setRefusal(answer.message)
  }

  return {
    busy,
    refusal,
    refusedPassword: refusal !== null && tried === BY_PASSWORD,
    byPassword: (password: string) => prove(BY_PASSWORD, async () => ({ password })),
    byPasskey: () =>
      prove('/confirm/passkey', async () => {
        const asked = await askForPasskey()
        return asked.ok ? { response: asked.response } : asked.message
      }),
    inSandbox: () => prove('/confirm/sandbox', async () => ({})),
  }
}
