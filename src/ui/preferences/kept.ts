'use client'

import { useSyncExternalStore } from 'react'

const PREFIX = 'deploy-console '
const listeners = new Set<() => void>()

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Null if nothing is kept, or the browser keeps nothing for this page. */
export function readKept(name: string): string | null {
  try {
    return window.localStorage.getItem(PREFIX + name)
  } catch {
    return null
  }
}

/** Keeps a choice in this browser, as far as the browser allows. */
export function keep(name: string, value: string): void {
  try {
    window.localStorage.setItem(PREFIX + name, value)
  } catch {
    // The choice lasts as long as the page.
  }
  for (const listener of listeners) listener()
}

/** A kept choice; null on the server, and before one was made. */
export const useKept = (name: string): string | null =>
  useSyncExternalStore(
    subscribe,
    () => readKept(name),
    () => null,
  )
