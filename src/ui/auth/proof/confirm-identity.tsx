'use client'

import { Dialog } from '@base-ui/react/dialog'
import { PROOF_LASTS_MINUTES } from '~/domain/actor'
import { ConfirmForm } from '~/ui/auth/proof/confirm-form'
import { usePrompt } from '~/ui/auth/use-prompt'

/**
 * Waits until something grave is refused because the last proof is too old, then asks. What was refused goes on by itself
 * afterwards; until then it is as if it had not been pressed.
 */
export function ConfirmIdentity() {
  const { open, settle } = usePrompt('proof_stale')
  return (
    <Dialog.Root open={open} onOpenChange={(next) => next || settle(false)} disablePointerDismissal>
      <Dialog.Portal>
        <Dialog.Backdrop forceRender className="fixed inset-0 z-30 bg-veil" />
        <Dialog.Viewport className="fixed inset-0 z-30 flex items-start justify-center overflow-y-auto p-4 sm:pt-[16vh]">
          <Dialog.Popup className="w-full max-w-[25rem] rounded-md border border-line bg-panel p-5 text-ink outline-none">
            <Dialog.Title className="text-base leading-6 font-semibold tracking-[-0.01em]">
              Confirm that it is you
            </Dialog.Title>
            <Dialog.Description className="mt-1 mb-4 text-sm text-pretty text-ink-soft">
              This needs a proof of who you are from the last {PROOF_LASTS_MINUTES} minutes. What you pressed goes on
              right after.
            </Dialog.Description>
            <ConfirmForm onProved={() => settle(true)} onCancel={() => settle(false)} />
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
