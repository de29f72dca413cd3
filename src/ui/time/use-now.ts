'use client'

import { useSyncExternalStore } from 'react'
import { consoleNow } from '~/ui/time/clock'

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

/** Milliseconds since the epoch, once a second; null while rendering on the server, where "now" would not survive hydration. */
export function useNow(): number | null {
  const value = useSyncExternalStore(
    subscribe,
    () => second,
    () => null,
  )
  return value === null ? null : value * TICK_MS
}
