'use client'

import { Dialog } from '@base-ui/react/dialog'
import { createContext, type ReactNode, useContext, useEffect, useLayoutEffect, useRef } from 'react'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface ModalHeadProps {
  readonly surface: string
  readonly environment: string
  /** What is being done: "Deploy", or nothing where the name says it. */
  readonly doing?: string
  readonly children?: ReactNode
}

/** Head of every step: which surface, which environment. Leaves room for the close button. */
export function ModalHead({ surface, environment, doing, children }: ModalHeadProps) {
  return (
    <header className="shrink-0 border-b border-line px-5 pt-4 pr-14 pb-3">
      <Dialog.Title className="truncate text-base leading-6 font-semibold tracking-[-0.01em]">
        {doing === undefined ? '' : `${doing} `}
        <ForeignText text={surface} />{' '}
        <span className="font-normal text-ink-faint">
          <ForeignText text={environment} />
        </span>
      </Dialog.Title>
      {children}
    </header>
  )
}

/** The part that scrolls. */
export function ModalBody({ children }: { readonly children: ReactNode }) {
  return <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-5 py-4 *:shrink-0">{children}</div>
}

/** What can be pressed: the way back at the left, the way on at the right. */
export function ModalFoot({ left, children }: { readonly left?: ReactNode; readonly children: ReactNode }) {
  return (
    <footer className="flex shrink-0 flex-wrap items-center justify-between gap-2 border-t border-line px-5 py-3">
      <div className="flex min-w-0 items-center gap-2 text-xs text-ink-faint">{left}</div>
      <div className="ml-auto flex flex-wrap items-center justify-end gap-2">{children}</div>
    </footer>
  )
}

/** The way on from a link that leads nowhere. */
export function OpenTheGrid() {
  const button = useFocusOnArrival<HTMLButtonElement>()
  return (
    <ModalFoot>
      <Dialog.Close render={<Button tone="strong" ref={button} />}>Open the grid</Dialog.Close>
    </ModalFoot>
  )
}

/** A step that replaces another takes the focus with it, or the keyboard would be left on nothing. */
export function useFocusOnArrival<T extends HTMLElement>() {
  const element = useRef<T>(null)
  useLayoutEffect(() => element.current?.focus(), [])
  return element
}

/** Told whether the open dialog holds text that somebody typed. */
export const HoldInput = createContext<(holds: boolean) => void>(() => {})

/** While this holds, nothing closes the dialog without asking. */
export function useHeldInput(holds: boolean): void {
  const tell = useContext(HoldInput)
  useEffect(() => {
    tell(holds)
    return () => tell(false)
  }, [tell, holds])
}
