import { useState } from 'react'
import { postAuth } from '~/ui/auth/ask-auth'
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
