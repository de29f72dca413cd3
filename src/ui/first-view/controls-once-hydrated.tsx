'use client'

import type { ReactNode } from 'react'
import { useIsHydrated } from '~/ui/first-view/use-is-hydrated'

/** Buttons, lists and choices take no press before the page’s scripts run: nothing would happen, or the choice would be undone. */
export function ControlsOnceHydrated({ children }: { readonly children: ReactNode }) {
  const isHydrated = useIsHydrated()
  return <div className={isHydrated ? 'contents' : `contents ${TAKES_NO_PRESS}`}>{children}</div>
}

const TAKES_NO_PRESS = '[&_:is(button,select,label,[type=checkbox],[type=radio])]:pointer-events-none'
