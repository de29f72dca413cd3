'use client'

import { Button } from '~/ui/primitives/button'
import { MessagePage } from '~/ui/primitives/notice'

/** The page failed, not a deploy: running deploys continue, and recorded data is kept. */
export default function ErrorPage({
  error,
  reset,
}: {
  readonly error: Error & { digest?: string }
  readonly reset: () => void
}) {
  return (
    <MessagePage title="This page stopped working">
      <p>Running deploys continue, and all recorded data is kept.</p>
      {error.digest !== undefined && <p className="font-mono text-xs text-ink-faint">Reference {error.digest}</p>}
      <Button tone="strong" onClick={reset}>
        Try again
      </Button>
    </MessagePage>
  )
}
