'use client'

import { AlertDialog } from '@base-ui/react/alert-dialog'
import { type ReactNode, useRef } from 'react'
import { Button } from '~/ui/primitives/button'

interface DiscardQuestionProps {
  readonly open: boolean
  readonly title: string
  /** What is lost, and what is not. */
  readonly children: ReactNode
  readonly onKeep: () => void
  readonly onDiscard: () => void
}

/** Over a dialog that holds typed text, when something would close it. The focus goes to what loses nothing. */
export function DiscardQuestion({ open, title, children, onKeep, onDiscard }: DiscardQuestionProps) {
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
