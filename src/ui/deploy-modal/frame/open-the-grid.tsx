import { Dialog } from '@base-ui/react/dialog'
import { ModalFoot } from '~/ui/deploy-modal/frame/modal-frame'
import { useFocusOnArrival } from '~/ui/deploy-modal/frame/use-focus-on-arrival'
import { Button } from '~/ui/primitives/button'

/** The way on from a link that leads nowhere. */
export function OpenTheGrid() {
  const button = useFocusOnArrival<HTMLButtonElement>()
  return (
    <ModalFoot>
      <Dialog.Close render={<Button tone="strong" ref={button} />}>Open the grid</Dialog.Close>
    </ModalFoot>
  )
}
