'use client'

import { Unplug } from 'lucide-react'
import { type ReactNode, useContext, useState } from 'react'
import { RETURN_VERB } from '~/domain/deploy/source'
import type { DeployView } from '~/domain/deploy/view'
import { shortSha } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { DialogParts, ModalFoot, useFocusOnArrival } from '~/ui/deploy-modal/frame/modal-frame'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { ExternalLink } from '~/ui/primitives/links'
import { useRefusal } from '~/ui/shell/member'
import { LostSentence } from '~/ui/status/connection-notice'
import { exactUtc } from '~/ui/time/relative-time'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface DeployFootProps {
  readonly deploy: DeployView
  /** Why the last poll failed, and when the last answer came. */
  readonly lost: { readonly error: unknown; readonly updatedAt: number } | null
  /** Starts a deploy that waits until this one has ended; null if nothing can wait. */
  readonly onQueue: (() => void) | null
  /** The version to roll back to; null if nothing is wrong or none is known. */
  readonly back: SurfaceTile['lastGood']
  readonly onBack: (back: NonNullable<SurfaceTile['lastGood']>) => void
  /** Starts a new deploy of the same ref, with review and confirmation; null while it would be refused. */
  readonly onAgain: (() => void) | null
}

/** The next actions. Cancelling the deploy is on the left, away from closing the view. */
export function DeployFoot({ deploy, lost, onQueue, back, onBack, onAgain }: DeployFootProps) {
  const { Close } = useContext(DialogParts)
  const refusal = useRefusal('deploy.dispatch', deploy.surface.environment)
  if (!deploy.terminal) {
    return (
      <ModalFoot
        left={
          <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-2">
            <CancelControl deploy={deploy}>
              {lost === null && <span>Closing this does not stop the deploy.</span>}
            </CancelControl>
            {lost !== null && <LostConnection {...lost} />}
          </div>
        }
      >
        {onQueue !== null && refusal === null && <Button onClick={onQueue}>Queue a deploy</Button>}
        <Close render={<Button />}>Close</Close>
      </ModalFoot>
    )
  }
  return (
    <ModalFoot
      left={
        <ExternalLink href={deploy.surface.url} className="text-sm text-ink-soft">
          Open <ForeignText text={deploy.surface.name} />
        </ExternalLink>
      }
    >
      <NextActions deploy={deploy} back={back} onBack={onBack} onAgain={onAgain} />
      <Close render={back === null || refusal !== null ? <Button tone="strong" /> : <Button />}>Done</Close>
    </ModalFoot>
  )
}

/** What an operator needs after the end, in this order: the way back, another try, the run. */
export function NextActions({ deploy, back, onBack, onAgain }: Omit<DeployFootProps, 'lost' | 'onQueue'>) {
  const refusal = useRefusal('deploy.dispatch', deploy.surface.environment)
  return (
    <>
      {back !== null && refusal === null && (
        <Button tone="strong" onClick={() => onBack(back)} title={`Deployed ${exactUtc(back.finishedAt)}`}>
          <span>
            {RETURN_VERB} <span className="font-mono">{shortSha(back.sha)}</span>, deployed{' '}
            <TimeAgo at={back.finishedAt} />
          </span>
        </Button>
      )}
      {onAgain !== null && (
        <Button onClick={onAgain} disabled={refusal !== null} title={refusal ?? undefined}>
          {deploy.actions.includes('retry') ? 'Retry' : 'Deploy again'}
        </Button>
      )}
      {deploy.runUrl !== null && (
        <ExternalLink href={deploy.runUrl} className="text-sm text-ink-soft">
          Open the run
        </ExternalLink>
      )}
    </>
  )
}

/** The same notice as on the grid, at the foot of the open deploy. */
function LostConnection({ error, updatedAt }: { readonly error: unknown; readonly updatedAt: number }) {
  return (
    <p role="status" className="flex items-start gap-1.5 text-ink">
      <Unplug aria-hidden="true" className="mt-px size-4 shrink-0 text-warn" />
      <span>
        <LostSentence error={error} updatedAt={updatedAt} />
      </span>
    </p>
  )
}

interface CancelControlProps {
  readonly deploy: DeployView
  /** Shown beside the button until somebody wants to cancel. */
  readonly children?: ReactNode
}

/** Cancels a running deploy, in two presses. Then shows how far the request has come, nothing more. */
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

/** Replaces the button. The focus starts on the button that changes nothing. */
function Confirmation({ pending, onYes, onNo }: ConfirmationProps) {
  const keep = useFocusOnArrival<HTMLButtonElement>()
  return (
    <fieldset className="flex flex-wrap items-center gap-2">
      <legend className="sr-only">Cancel this deploy?</legend>
      <Button tone="danger" onClick={onYes} disabled={pending}>
        {pending ? 'Requesting…' : 'Yes, cancel it'}
      </Button>
      <Button ref={keep} onClick={onNo} disabled={pending}>
        Keep it running
      </Button>
    </fieldset>
  )
}

/** How far a request to cancel has come, and what happens next. */
function cancelWords(deploy: Pick<DeployView, 'cancel' | 'runId'>) {
  if (deploy.cancel !== null && deploy.cancel.acknowledgedAt !== null) {
    return {
      state: 'cancelling',
      headline: 'GitHub is cancelling.',
      detail: 'The deploy ends when GitHub confirms the cancellation.',
    } as const
  }
  const detail =
    deploy.runId === null
      ? 'GitHub has not reported a run yet. The run is cancelled as soon as GitHub reports it. Ten minutes after the request, you can give up the deploy.'
      : 'GitHub has not confirmed the cancellation yet. The console asks again.'
  return { state: 'asked', headline: 'Cancel requested.', detail } as const
}
