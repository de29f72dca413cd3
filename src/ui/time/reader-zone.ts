'use client'

import { useSyncExternalStore } from 'react'

/** The reader's time zone by its IANA name. */
export const readerZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

const never = () => () => undefined

/** UTC during server rendering, which does not know the reader's zone. */
export const useReaderZone = (): string => useSyncExternalStore(never, readerZone, () => 'UTC')
