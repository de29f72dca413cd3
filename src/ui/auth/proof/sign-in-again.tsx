import { useState } from 'react'
import type { ProofMethods } from '~/domain/account'
import { startAtProvider } from '~/ui/auth/at-provider'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'

type Providers = ProofMethods['providers']

/** Somebody a provider signs in has nothing the console could ask for: a new sign-in is the proof, where it can be one. */
export function SignInAgain({ providers }: Pick<ProofMethods, 'providers'>) {
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
          You signed in again with {name}, but {name} did not say that it asked you to prove who you are. Nothing was
          done. Whoever runs the console can ask {name} to send <code className="font-mono">auth_time</code>.
        </Notice>
      ))}
      {named('never').map(({ id, name }) => (
        <p key={id} className="text-sm text-pretty text-ink-soft">
          {name} signs you in without saying when it last asked you for a password, so that does not prove who sits here
          now.
        </p>
      ))}
      {possible.length === 0 ? (
        <p className="text-sm text-pretty text-ink-soft">
          You have neither a password nor a passkey here. Ask an admin for a link that sets a password (People, Change).
          With the password, add a passkey under “Account”.
        </p>
      ) : (
        <p className="text-sm text-pretty text-ink-soft">
          You have neither a password nor a passkey here, so signing in again is the proof. You come back to this page;
          then press once more what you pressed. A passkey, added under “Account”, saves you the way.
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
