import { Dialog } from '@base-ui/react/dialog'
import { explainHold } from '~/domain/deploy/report'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ModalBody, ModalFoot } from '~/ui/deploy-modal/frame/modal-frame'
import { ReviewWarnings } from '~/ui/deploy-modal/review/review-warnings'
import { Button } from '~/ui/primitives/button'

interface HeldSurfaceProps {
  readonly surface: Pick<SurfaceTile, 'name' | 'held'>
  /** Opens the deploy that holds the surface. */
  readonly onFollow: (deployId: string) => void
}

/** Why no deploy can start now, worded as in the review. */
export function HeldWarning({ surface: { name, held }, onFollow }: HeldSurfaceProps) {
  if (held === null) return null
  const text = explainHold(name, held.runId)
  return (
    <ReviewWarnings warnings={[{ kind: 'busy', text, blocking: true, deployId: held.deployId }]} onFollow={onFollow} />
  )
}

/** Replaces step 1 while the surface is held, so that nobody fills in a deploy that would be refused. */
export function HeldSurface(props: HeldSurfaceProps) {
  return (
    <>
      <ModalBody>
        <HeldWarning {...props} />
      </ModalBody>
      <ModalFoot left="You can deploy here as soon as the surface is free.">
        <Dialog.Close render={<Button />}>Close</Dialog.Close>
      </ModalFoot>
    </>
  )
}
