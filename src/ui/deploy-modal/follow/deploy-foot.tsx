import { Dialog } from '@base-ui/react/dialog'
import { RETURN_VERB } from '~/domain/deploy/source'
import type { DeployView } from '~/domain/deploy/view'
import type { SurfaceTile } from '~/domain/surface/tile'
import { CancelControl } from '~/ui/deploy-modal/follow/cancel-control'
import { LostConnection } from '~/ui/deploy-modal/follow/lost-connection'
import { ModalFoot } from '~/ui/deploy-modal/frame/modal-frame'
import { Button } from '~/ui/primitives/button'
import { ExternalLink } from '~/ui/primitives/external-link'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { useRefusal } from '~/ui/shell/member'
import { exactUtc } from '~/ui/time/relative-time'
import { TimeAgo } from '~/ui/time/time-ago'

interface DeployFootProps {
  readonly deploy: DeployView
  /** Why the last poll failed, and how old the picture is. */
  readonly lost: { readonly error: unknown; readonly updatedAt: number } | null
  /** What the surface ran well before; null where nothing is wrong or nothing is known. */
  readonly back: SurfaceTile['lastGood']
  readonly onBack: (back: NonNullable<SurfaceTile['lastGood']>) => void
  /** A new deploy of the same ref, through review and confirmation like any other; null while it would be refused. */
  readonly onAgain: (() => void) | null
}

/** Next actions. What stops a running deploy belongs at the left, away from what only closes the view. */
export function DeployFoot({ deploy, lost, back, onBack, onAgain }: DeployFootProps) {
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
        <Dialog.Close render={<Button />}>Close</Dialog.Close>
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
      {back !== null && refusal === null && (
        <Button onClick={() => onBack(back)} title={`Deployed ${exactUtc(back.finishedAt)}`}>
          <span>
            {RETURN_VERB} <span className="font-mono">{back.sha.slice(0, 7)}</span>, deployed{' '}
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
      <Dialog.Close render={<Button tone="strong" />}>Done</Dialog.Close>
    </ModalFoot>
  )
}
