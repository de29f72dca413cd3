'use client'

import { Dialog } from '@base-ui/react/dialog'
import { createContext, type ReactNode, useContext, useEffect, useLayoutEffect, useRef } from 'react'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface ModalHeadProps {
  readonly surface: string
  readonly environment: string
  /** The action, such as "Deploy"; omitted if the name says it. */
  readonly doing?: string
  readonly children?: ReactNode
}

/** The head of every step: surface and environment. Leaves space for the buttons at its end. */
export function ModalHead({ surface, environment, doing, children }: ModalHeadProps) {
  return (
    <header className="shrink-0 border-b border-line px-5 pt-4 pr-24 pb-3">
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

/** The buttons: back on the left, forward on the right. */
export function ModalFoot({ left, children }: { readonly left?: ReactNode; readonly children: ReactNode }) {
  return (
    <footer className="flex shrink-0 flex-wrap items-center justify-between gap-2 border-t border-line px-5 py-3">
      <div className="flex min-w-0 items-center gap-2 text-xs text-ink-faint">{left}</div>
      <div className="ml-auto flex flex-wrap items-center justify-end gap-2">{children}</div>
    </footer>
  )
}

/** Closes the dialog after a link that leads nowhere. */
export function OpenTheGrid() {
  const button = useFocusOnArrival<HTMLButtonElement>()
  return (
    <ModalFoot>
      <Dialog.Close render={<Button tone="strong" ref={button} />}>Open the grid</Dialog.Close>
    </ModalFoot>
  )
}

/** Focuses the element when a step replaces another, so that the keyboard focus is not lost. */
export function useFocusOnArrival<T extends HTMLElement>() {
  const element = useRef<T>(null)
  useLayoutEffect(() => element.current?.focus(), [])
  return element
}

/** Reports whether the open dialog holds typed text. */
export const TypedInput = createContext<(holds: boolean) => void>(() => {})

/** While `holds` is true, the dialog asks before it closes. */
export function useTypedInput(holds: boolean): void {
  const tell = useContext(TypedInput)
  useEffect(() => {
    tell(holds)
    return () => tell(false)
  }, [tell, holds])
}
