'use client'

import { useState } from 'react'
import { postAuth } from '~/ui/auth/ask-auth'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'

/** Opening the page alone does not use the link, since a program may have fetched it for a preview. */
export function SandboxStart({ token }: { readonly token: string }) {
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const start = async () => {
    setBusy(true)
    const answer = await postAuth('/links/accept', { token })
    if (answer.ok) return window.location.assign('/')
    setBusy(false)
    setRefusal(answer.message)
  }
  return (
    <div className="flex flex-col gap-3">
      {refusal !== null && (
        <Notice tone="bad" role="alert">
          {refusal}
        </Notice>
      )}
      <Button tone="strong" autoFocus disabled={busy} onClick={() => void start()}>
        Start the sandbox
      </Button>
    </div>
  )
}
