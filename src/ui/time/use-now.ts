'use client'

import { createContext, useContext, useSyncExternalStore } from 'react'
import { consoleNow } from '~/ui/time/clock'
import { shownTime, useLastAnswer } from '~/ui/time/stopped-clock'

const TICK_MS = 1_000

/**
 * When the server rendered the page, in milliseconds; null if that is not known. The server and hydration measure ages to it, so that both
 * write the same text.
 */
export const RenderedAt = createContext<number | null>(null)

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
 * The time that ages are measured to, in milliseconds, updated every second; stops while no answers arrive. During server rendering,
 * the time of the page; null if that is not known.
 */
export function useNow(): number | null {
  const answer = useLastAnswer()
  const renderedAt = useContext(RenderedAt)
  const value = useSyncExternalStore(
    subscribe,
    () => second * TICK_MS,
    () => renderedAt,
  )
  return value === null ? null : shownTime(value, answer)
}

/**
 * A text that depends on the time; null during server rendering if the time of the page is not known. Renders again only when the text changes: a large grid holds a thousand of
 * them, and most change once a minute.
 */
export function useTimeText(read: (now: number) => string): string | null {
  const answer = useLastAnswer()
  const renderedAt = useContext(RenderedAt)
  return useSyncExternalStore(
    subscribe,
    () => read(shownTime(second * TICK_MS, answer)),
    () => (renderedAt === null ? null : read(renderedAt)),
  )
}

/** A text that depends on the time and on the reader's zone; null during server rendering, which does not know the zone. */
export const useLocalText = (read: (now: number) => string): string | null =>
  useSyncExternalStore(
    subscribe,
    () => read(second * TICK_MS),
    () => null,
  )
