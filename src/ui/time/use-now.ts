'use client'

import { useSyncExternalStore } from 'react'
import { consoleNow } from '~/ui/time/clock'
import { shownTime, useLastAnswer } from '~/ui/time/stopped-clock'

const TICK_MS = 1_000

/** One timer for every ticking text on the page, so that they all turn in the same frame. */
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let second = Math.floor(consoleNow() / TICK_MS)

function tick() {
  second = Math.floor(consoleNow() / TICK_MS)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (timer === undefined) {
    tick()
    timer = setInterval(tick, TICK_MS)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/**
 * The time that ages are measured to, in milliseconds, updated every second; stops while no answers arrive. Null during
 * server rendering, where "now" would not survive hydration.
 */
export function useNow(): number | null {
  const answer = useLastAnswer()
  const value = useSyncExternalStore(
    subscribe,
    () => second,
    () => null,
  )
  return value === null ? null : shownTime(value * TICK_MS, answer)
}

/**
 * A text that depends on the time; null during server rendering. Renders again only when the text changes: a large grid holds a thousand of
 * them, and most change once a minute.
 */
export function useTimeText(read: (now: number) => string): string | null {
  const answer = useLastAnswer()
  return useSyncExternalStore(
    subscribe,
    () => read(shownTime(second * TICK_MS, answer)),
    () => null,
  )
}
