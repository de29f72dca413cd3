import { useSyncExternalStore } from 'react'

const never = () => () => undefined

/** False during server rendering and hydration, true afterwards and for what appears later. */
export const useIsHydrated = (): boolean =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  )
