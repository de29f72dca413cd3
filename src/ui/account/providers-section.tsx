'use client'

import { useState } from 'react'
import type { AccountView } from '~/domain/account'
import { AccountSection } from '~/ui/account/account-section'
import { startAtProvider } from '~/ui/auth/ask-auth'
import { providerRefusal } from '~/ui/auth/provider-refusal'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'

const ABOUT = 'Sign in with an account at another provider. Both accounts need the same verified e-mail address.'

/** Only a signed-in member can connect a provider. A provider's answer alone never opens an existing account. */
export function ProvidersSection({ providers }: Pick<AccountView, 'providers'>) {
  const [busy, setBusy] = useState(false)
  // A connection that failed comes back with a reason in the address.
  const [refusal, setRefusal] = useState<string | null>(() =>
    providerRefusal(new URLSearchParams(window.location.search).get('error') ?? undefined),
  )
  const connect = async (id: string) => {
    setBusy(true)
    setRefusal(await startAtProvider('/link-social', id, '/account'))
    setBusy(false)
  }
  return (
    <AccountSection id="providers" title="Providers" about={ABOUT}>
      <ul aria-labelledby="providers" className="flex flex-col gap-2">
        {providers.map(({ id, name, connected }) => (
          <li key={id} className="flex items-center gap-3 text-sm">
            <span className="font-medium">{name}</span>
            {connected ? (
              <span className="text-good">connected</span>
            ) : (
              <Button disabled={busy} onClick={() => void connect(id)}>
                Connect<span className="sr-only"> {name}</span>
              </Button>
            )}
          </li>
        ))}
      </ul>
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
