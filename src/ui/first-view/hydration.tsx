'use client'

import { type ReactNode, useSyncExternalStore } from 'react'

const never = () => () => undefined

/** False during server rendering and hydration, true afterwards and for what appears later. */
export const useIsHydrated = (): boolean =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  )

/** Buttons, lists and choices take no press before the page’s scripts run: nothing would happen, or the choice would be undone. */
export function ControlsOnceHydrated({ children }: { readonly children: ReactNode }) {
  return <div className={useIsHydrated() ? 'contents' : `contents ${TAKES_NO_PRESS}`}>{children}</div>
}

const TAKES_NO_PRESS = '[&_:is(button,select,label,[type=checkbox],[type=radio])]:pointer-events-none'
