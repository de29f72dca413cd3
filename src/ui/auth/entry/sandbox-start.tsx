'use client'

import { useAcceptLink } from '~/ui/auth/entry/use-accept-link'
import { Button } from '~/ui/primitives/button'

/** Opening the page alone does not use the link, since a program may have fetched it for a preview. */
export function SandboxStart({ token }: { readonly token: string }) {
  const { busy, notice, accept } = useAcceptLink(token, '/')
  return (
    <div className="flex flex-col gap-3">
      {notice}
      <Button tone="strong" autoFocus disabled={busy} onClick={() => void accept()}>
        Start the sandbox
      </Button>
    </div>
  )
}
