'use client'

import { type ReactNode, useState } from 'react'
import type { DeployView } from '~/domain/deploy/view'
import { cancelWords } from '~/ui/deploy-modal/follow/cancel-words'
import { useFocusOnArrival } from '~/ui/deploy-modal/frame/use-focus-on-arrival'
import { Button } from '~/ui/primitives/button'
import { useRefusal } from '~/ui/shell/member'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface CancelControlProps {
  readonly deploy: DeployView
  /** Beside the button, for as long as nobody wants to cancel. */
  readonly children?: ReactNode
}

/** Stops a running deploy, in two presses. What it says afterwards is how far the request has come, nothing more. */
export function CancelControl({ deploy, children }: CancelControlProps) {
  const [asking, setAsking] = useState(false)
  const refusal = useRefusal('deploy.cancel', deploy.surface.environment)
  const utils = trpc.useUtils()
  const cancel = trpc.deploys.cancel.useMutation({
    onSettled: () => {
      setAsking(false)
      void utils.deploys.get.invalidate({ id: deploy.id })
    },
  })
  if (deploy.cancel !== null) {
    return (
      <p role="status" className="text-sm text-pretty text-ink-soft" data-cancel={cancelWords(deploy).state}>
        <span className="font-medium text-ink">{cancelWords(deploy).headline}</span> {cancelWords(deploy).detail}
      </p>
    )
  }
  if (asking) {
    return (
      <Confirmation
        pending={cancel.isPending}
        onYes={() => cancel.mutate({ id: deploy.id })}
        onNo={() => setAsking(false)}
      />
    )
  }
  return (
    <>
      <Button onClick={() => setAsking(true)} disabled={refusal !== null} title={refusal ?? undefined}>
        Cancel deploy
      </Button>
      {cancel.error === null ? (
        children
      ) : (
        <p role="alert" className="text-sm text-bad">
          {readWireError(cancel.error).message}
        </p>
      )}
    </>
  )
}

interface ConfirmationProps {
  readonly pending: boolean
  readonly onYes: () => void
  readonly onNo: () => void
}

/** In the place of the button. The focus goes to what changes nothing. */
function Confirmation({ pending, onYes, onNo }: ConfirmationProps) {
  const keep = useFocusOnArrival<HTMLButtonElement>()
  return (
    <fieldset className="flex flex-wrap items-center gap-2">
      <legend className="sr-only">Cancel this deploy?</legend>
      <Button tone="danger" onClick={onYes} disabled={pending}>
        {pending ? 'Asking…' : 'Yes, cancel it'}
      </Button>
      <Button ref={keep} onClick={onNo} disabled={pending}>
        Keep it running
      </Button>
    </fieldset>
  )
}
