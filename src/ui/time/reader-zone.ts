'use client'

import { useSyncExternalStore } from 'react'

let zone: string | undefined
/** The reader's time zone by its IANA name. A page asks once: it shows hundreds of times. */
const readerZone = (): string => {
  zone ??= Intl.DateTimeFormat().resolvedOptions().timeZone
  return zone
}

let names: readonly string[] | undefined
const readNames = (): readonly string[] => {
  names ??= Intl.supportedValuesOf('timeZone')
  return names
}
const NO_NAMES: readonly string[] = []

const never = () => () => undefined

/** UTC during server rendering, which does not know the reader's zone. */
export const useReaderZone = (): string => useSyncExternalStore(never, readerZone, () => 'UTC')

/** The zones that the browser knows. None during server rendering: each browser knows others, and the page must not differ. */
export const useZoneNames = (): readonly string[] => useSyncExternalStore(never, readNames, () => NO_NAMES)
