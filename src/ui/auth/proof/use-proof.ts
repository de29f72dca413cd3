'use client'

import { useState } from 'react'
import { askForPasskey } from '~/ui/auth/passkey'
import { postAuth } from '~/ui/auth/post-auth'

/** Proves again who is signed in; `onProved` is told once the server agrees. */
export function useProof(onProved: () => void) {
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)

  const prove = async (path: string, body: () => Promise<Readonly<Record<string, unknown>> | string>) => {
    setBusy(true)
    setRefusal(null)
    const given = await body()
    const answer = typeof given === 'string' ? { ok: false as const, message: given } : await postAuth(path, given)
    setBusy(false)
    if (answer.ok) onProved()
    else setRefusal(answer.message)
  }

  return {
    busy,
    refusal,
    byPassword: (password: string) => prove('/confirm/password', async () => ({ password })),
    byPasskey: () =>
      prove('/confirm/passkey', async () => {
        const asked = await askForPasskey()
        return asked.ok ? { response: asked.response } : asked.message
      }),
    inSandbox: () => prove('/confirm/sandbox', async () => ({})),
  }
}
