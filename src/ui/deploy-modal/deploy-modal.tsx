'use client'

import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ApprovalScreen } from '~/ui/deploy-modal/approval/approval-screen'
import { DeployScreen } from '~/ui/deploy-modal/follow/deploy-screen'
import { DialogParts, ModalBody, ModalHead, OpenTheGrid, TypedInput } from '~/ui/deploy-modal/frame/modal-frame'
import type { Target, useTarget } from '~/ui/deploy-modal/frame/target'
import { DiscardedDrafts } from '~/ui/deploy-modal/new-deploy/discarded-drafts'
import { forgetDraft } from '~/ui/deploy-modal/new-deploy/kept-draft'
import { NewDeploy } from '~/ui/deploy-modal/new-deploy/new-deploy'
import { promotableTo } from '~/ui/deploy-modal/new-deploy/promote-choice'
import { QueuedScreen } from '~/ui/deploy-modal/queue/queued-screen'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Skeleton } from '~/ui/primitives/skeleton'
import { useMember } from '~/ui/shell/member'

const PARTS = { Title: Dialog.Title, Close: Dialog.Close }

interface DeployModalProps {
  readonly address: ReturnType<typeof useTarget>
  readonly tiles: readonly SurfaceTile[]
  readonly loading: boolean
}

/** One dialog for all steps. Closing it closes only the view: a dispatched deploy continues. */
export function DeployModal({ address, tiles, loading }: DeployModalProps) {
  const { target, open, replace, close } = address
  const email = useMember()?.email ?? ''
  // The last content stays while the dialog fades out.
  const [shown, setShown] = useState<Target | null>(target)
  if (target !== null && target !== shown) setShown(target)
  const [hasTyped, setHasTyped] = useState(false)
  const [asking, setAsking] = useState(false)
  /** The browser's back button changed the address while the dialog holds typed text. */
  const taken = target === null && shown !== null && hasTyped

  const followDeploy = useCallback((deployId: string) => replace({ kind: 'deploy', deployId }), [replace])

  const surfaceId = shown?.kind === 'new' ? shown.surfaceId : null
  const surface = tiles.find((tile) => tile.id === surfaceId)

  useEffect(() => {
    if (!taken || shown === null) return
    open(shown)
    setAsking(true)
  }, [taken, shown, open])

  // The dialog is closed with nothing typed, or the input was discarded.
  useEffect(() => {
    if (target === null && !hasTyped && shown?.kind === 'new') forgetDraft(email, shown.surfaceId)
  }, [target, hasTyped, shown, email])

  const discard = () => {
    setHasTyped(false)
    setAsking(false)
    close()
  }

  const popup = useRef<HTMLDivElement>(null)
  /** A step sets its own focus. Otherwise the dialog has the focus, not its close button. */
  const initialFocus = () => (popup.current?.contains(document.activeElement) ? false : popup.current)

  // When a deploy replaces its form, the focused button disappears: move the focus to the dialog.
  useEffect(() => {
    if (shown !== null && document.activeElement === document.body) popup.current?.focus()
  }, [shown])

  /** The focus returns to the element that opened the dialog or, after a link, to the tile. */
  const finalFocus = useCallback(() => {
    const id =
      surfaceId ??
      tiles.find((tile) => tile.lastDeploy?.id === (shown?.kind === 'deploy' ? shown.deployId : ''))?.id ??
      tiles.find((tile) => tile.queue.waiting.some(({ id }) => id === (shown?.kind === 'queued' ? shown.queuedId : '')))
        ?.id ??
      tiles.find((tile) => tile.waiting?.approvalId === (shown?.kind === 'approval' ? shown.approvalId : ''))?.id
    return (
      [...document.querySelectorAll<HTMLElement>('[data-tile-focus]')].find(
        (mark) => mark.dataset['tileFocus'] === id,
      ) ?? true
    )
  }, [surfaceId, shown, tiles])

  return (
    <Dialog.Root
      open={target !== null || taken}
      onOpenChange={(next) => {
        if (next) return
        if (hasTyped) setAsking(true)
        else close()
      }}
    >
      <DiscardedDrafts onDiscarded={close} />
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-veil transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Viewport className="fixed inset-0 flex items-start justify-center overflow-hidden sm:p-[clamp(1rem,6vh,5rem)_1.5rem_1.5rem]">
          <Dialog.Popup
            ref={popup}
            initialFocus={initialFocus}
            finalFocus={finalFocus}
            className="relative flex h-dvh max-h-full w-full flex-col overflow-hidden bg-panel text-ink outline-none transition-[opacity,translate] data-ending-style:translate-y-1 data-ending-style:opacity-0 data-starting-style:translate-y-1 data-starting-style:opacity-0 sm:h-[48rem] sm:max-w-[46rem] sm:rounded-lg sm:border sm:border-line sm:shadow-[0_24px_64px_-24px_var(--veil)]"
          >
            <DialogParts value={PARTS}>
              <TypedInput value={setHasTyped}>
                {shown?.kind === 'deploy' && (
                  <DeployScreen
                    key={shown.deployId}
                    deployId={shown.deployId}
                    tiles={tiles}
                    onAgain={(again) => replace({ kind: 'new', ...again })}
                    onQueue={(busySurfaceId) => replace({ kind: 'new', surfaceId: busySurfaceId, ref: null })}
                  />
                )}
                {shown?.kind === 'approval' && (
                  <ApprovalScreen
                    key={shown.approvalId}
                    approvalId={shown.approvalId}
                    tiles={tiles}
                    onDeploy={(deployId) => replace({ kind: 'deploy', deployId })}
                  />
                )}
                {shown?.kind === 'queued' && (
                  <QueuedScreen
                    key={shown.queuedId}
                    queuedId={shown.queuedId}
                    tiles={tiles}
                    onDeploy={followDeploy}
                    onAgain={(again) => replace({ kind: 'new', ...again })}
                  />
                )}
                {shown?.kind === 'new' &&
                  (surface === undefined ? (
                    <UnknownSurface surfaceId={shown.surfaceId} loading={loading} />
                  ) : (
                    <NewDeploy
                      key={`${shown.surfaceId} ${shown.ref ?? ''}`}
                      surface={surface}
                      initialRef={shown.ref}
                      initialSource={shown.source ?? null}
                      like={shown.like ?? null}
                      promotable={promotableTo(surface, tiles)}
                      onWait={(approvalId) => replace({ kind: 'approval', approvalId })}
                      onQueued={(queuedId) => replace({ kind: 'queued', queuedId })}
                      onDeploy={(deployId) => replace({ kind: 'deploy', deployId })}
                    />
                  ))}
              </TypedInput>
            </DialogParts>
            <Dialog.Close
              aria-label="Close"
              className="absolute top-3 right-3 inline-flex size-8 items-center justify-center rounded-[5px] text-ink-soft hover:bg-well hover:text-ink"
            >
              <X aria-hidden="true" className="size-4" />
            </Dialog.Close>
            <DiscardQuestion
              open={asking && hasTyped}
              title={shown?.kind === 'approval' ? 'Discard your reason?' : 'Discard this deploy?'}
              onKeep={() => setAsking(false)}
              onDiscard={discard}
            >
              {shown?.kind === 'approval'
                ? 'What you typed will be lost. The request keeps waiting for approval.'
                : 'What you typed will be lost. A deploy that was already sent continues.'}
            </DiscardQuestion>
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

interface DiscardQuestionProps {
  readonly open: boolean
  readonly title: string
  /** What discarding loses, and what it does not. */
  readonly children: ReactNode
  readonly onKeep: () => void
  readonly onDiscard: () => void
}

/** Asks before typed text is discarded. The focus starts on the button that keeps the text. */
function DiscardQuestion({ open, title, children, onKeep, onDiscard }: DiscardQuestionProps) {
  const keep = useRef<HTMLButtonElement>(null)
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => next || onKeep()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop forceRender className="fixed inset-0 z-20 bg-veil" />
        <AlertDialog.Viewport className="fixed inset-0 z-20 flex items-start justify-center overflow-y-auto p-4 sm:pt-[16vh]">
          <AlertDialog.Popup
            initialFocus={keep}
            className="w-full max-w-[25rem] rounded-md border border-line bg-panel p-5 text-ink outline-none"
          >
            <AlertDialog.Title className="text-base leading-6 font-semibold tracking-[-0.01em]">
              {title}
            </AlertDialog.Title>
            <AlertDialog.Description className="mt-1 mb-4 text-sm text-pretty text-ink-soft">
              {children}
            </AlertDialog.Description>
            <div className="flex flex-wrap justify-end gap-2">
              <Button tone="danger" onClick={onDiscard}>
                Discard
              </Button>
              <Button ref={keep} onClick={onKeep}>
                Keep editing
              </Button>
            </div>
          </AlertDialog.Popup>
        </AlertDialog.Viewport>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

/** The address names a surface that is not on the grid, or the grid is still loading. */
function UnknownSurface({ surfaceId, loading }: { readonly surfaceId: string; readonly loading: boolean }) {
  return (
    <>
      <ModalHead surface={surfaceId} environment="" />
      <ModalBody>
        {loading ? (
          <Skeleton className="h-4 w-48" />
        ) : (
          <p className="text-ink-soft">
            No surface has the id{' '}
            <code className="font-mono text-[0.8125rem] text-ink">
              <ForeignText text={surfaceId} />
            </code>
            . It may have been removed from surfaces.yaml.
          </p>
        )}
      </ModalBody>
      {!loading && <OpenTheGrid />}
    </>
  )
}
