'use client'

import { type ReactNode, useEffect, useState } from 'react'
import { CodeField } from '~/ui/auth/code-field'
import { Button } from '~/ui/primitives/button'

interface CodeFormProps {
  readonly busy: boolean
  readonly alert: ReactNode
  readonly onCode: (code: string) => Promise<void>
}

/** The second factor: the password was right, and nobody is signed in yet. */
export function CodeForm({ busy, alert, onCode }: CodeFormProps) {
  const [code, setCode] = useState('')
  useEffect(() => document.getElementById('code')?.focus(), [])
  return (
    <form
      aria-label="Second factor"
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void onCode(code).then(() => setCode(''))
      }}
    >
      <CodeField id="code" label="Code of your app" hint="or a backup code" value={code} onChange={setCode} />
      {alert}
      <Button type="submit" tone="strong" disabled={busy}>
        {busy ? 'Signing in …' : 'Sign in'}
      </Button>
    </form>
  )
}
