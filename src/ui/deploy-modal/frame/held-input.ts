'use client'

import { createContext, useContext, useEffect } from 'react'

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
