'use client'

import { useState } from 'react'
import { QrCode } from '~/ui/account/qr-code'
import { CodeField } from '~/ui/auth/code-field'
import { Button } from '~/ui/primitives/button'

interface EnrolmentProps {
  /** `otpauth://…`, which is the secret: it is in this page's memory only. */
  readonly uri: string
  readonly busy: boolean
  readonly onCode: (code: string) => Promise<void>
  readonly onCancel: () => void
}

/** Shows the secret to the app, and asks for a code as the proof that it arrived there. */
export function Enrolment({ uri, busy, onCode, onCancel }: EnrolmentProps) {
  const [code, setCode] = useState('')
  const secret = URL.canParse(uri) ? (new URL(uri).searchParams.get('secret') ?? '') : ''
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void onCode(code).then(() => setCode(''))
      }}
    >
      <p className="text-sm text-pretty text-ink-soft">
        Scan this with the authenticator app, then type the six digits it shows.
      </p>
      <div className="flex flex-wrap items-start gap-4">
        <QrCode text={uri} label="For the authenticator app" />
        <div className="min-w-48 flex-1">
          <p className="text-xs text-ink-soft">Or type this key into it:</p>
          <p className="mt-1 rounded-[5px] bg-well px-2 py-1.5 font-mono text-xs break-all" data-secret>
            {secret}
          </p>
        </div>
      </div>
      <CodeField id="enrolment-code" label="Code" value={code} onChange={setCode} />
      <div className="flex gap-2">
        <Button type="submit" tone="strong" disabled={busy || code.trim() === ''}>
          Switch on
        </Button>
        <Button tone="bare" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
