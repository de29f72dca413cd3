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

/**
 * Buttons, lists and choices take no press before the page’s scripts run: nothing would happen, or the choice would be undone. If the
 * scripts do not run within ten seconds, the page says that it stands still.
 */
export function ControlsOnceHydrated({ children }: { readonly children: ReactNode }) {
  const isHydrated = useIsHydrated()
  return (
    <div className={isHydrated ? 'contents' : `contents ${TAKES_NO_PRESS}`}>
      {children}
      {!isHydrated && (
        <p
          role="alert"
          className="invisible fixed inset-x-0 bottom-0 z-50 animate-[appear_0s_10s_forwards] border-t border-line bg-panel px-6 py-3 text-sm text-warn print:hidden"
        >
          This page shows what was true when it was loaded, and its buttons do nothing: its scripts have not run. Reload
          the page. If that does not help, allow scripts for this address.
        </p>
      )}
    </div>
  )
}

const TAKES_NO_PRESS = '[&_:is(button,select,label,[type=checkbox],[type=radio])]:pointer-events-none'
