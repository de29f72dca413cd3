'use client'

import { createContext, type ReactNode, useContext } from 'react'
import { consoleTime } from '~/ui/time/clock'

const StoppedAt = createContext<number | null>(null)

interface StoppedClockProps {
  /** When the last good answer came, by the local clock; null while answers come. */
  readonly at: number | null
  readonly children: ReactNode
}

/** Nobody knows how long something has been running since the connection was lost: what counts stands still. */
export function StoppedClock({ at, children }: StoppedClockProps) {
  return <StoppedAt value={at === null ? null : consoleTime(at)}>{children}</StoppedAt>
}

export function useStoppedClock(): number | null {
  return useContext(StoppedAt)
}
