'use client'

import {
  type ComponentType,
  createContext,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useLayoutEffect,
  useRef,
} from 'react'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface DialogParts {
  readonly Title: ComponentType<{ readonly className?: string; readonly children?: ReactNode }>
  readonly Close: ComponentType<{ readonly render?: ReactElement; readonly children?: ReactNode }>
}

/** The library's parts, from the dialog. The page of a deploy shows the same content without a dialog, and without the library. */
export const DialogParts = createContext<DialogParts>({
  Title: ({ className, children }) => <h2 className={className}>{children}</h2>,
  Close: () => null,
})

interface ModalHeadProps {
  readonly surface: string
  readonly environment: string
  /** The action, such as "Deploy"; omitted if the name says it. */
  readonly doing?: string
  readonly children?: ReactNode
}

/** The head of every step: surface and environment. Leaves space for the buttons at its end. */
export function ModalHead({ surface, environment, doing, children }: ModalHeadProps) {
  const { Title } = useContext(DialogParts)
  return (
    <header className="shrink-0 border-b border-line px-5 pt-4 pr-24 pb-3">
      <Title className="truncate text-base leading-6 font-semibold tracking-[-0.01em]">
        {doing === undefined ? '' : `${doing} `}
        <ForeignText text={surface} />{' '}
        <span className="font-normal text-ink-faint">
          <ForeignText text={environment} />
        </span>
      </Title>
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
  const { Close } = useContext(DialogParts)
  const button = useFocusOnArrival<HTMLButtonElement>()
  return (
    <ModalFoot>
      <Close render={<Button tone="strong" ref={button} />}>Open the grid</Close>
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
