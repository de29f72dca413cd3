import { useState } from 'react'
import type { ProofMethods } from '~/domain/account'
import { startAtProvider } from '~/ui/auth/at-provider'
import { Button } from '~/ui/primitives/button'

/** Somebody a provider signs in has nothing the console could ask for: a new sign-in is the proof. */
export function SignInAgain({ providers }: Pick<ProofMethods, 'providers'>) {
  const [refusal, setRefusal] = useState<string | null>(null)
  const leave = async (id: string) => {
    const { pathname, search } = window.location
    setRefusal(await startAtProvider('/sign-in/social', id, pathname + search))
  }
  return (
    <>
      <p className="text-sm text-pretty text-ink-soft">
        You have neither a password nor a passkey here, so signing in again is the proof. You come back to this page;
        then press once more what you pressed. A passkey, added under “Account”, saves you the way.
      </p>
      {providers.map(({ id, name }) => (
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
