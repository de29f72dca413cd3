import { useSyncExternalStore } from 'react'

/** After this time without an event, live updates count as lost: a little more than two heartbeats. */
const SILENT_MS = 25_000

interface LiveState {
  /** Whether live updates arrive, so that nothing is polled. */
  readonly live: boolean
  /** When the last event arrived, by the local clock; 0 before the first. */
  readonly heardAt: number
}

let state: LiveState = { live: false, heardAt: 0 }
let silence: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

function set(next: LiveState): void {
  state = next
  for (const listener of listeners) listener()
}

export function noteHeard(): void {
  clearTimeout(silence)
  silence = setTimeout(noteLost, SILENT_MS)
  set({ live: true, heardAt: Date.now() })
}

/** From now on queries poll, as they do before the first event. */
export function noteLost(): void {
  clearTimeout(silence)
  if (state.live) set({ ...state, live: false })
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const readLiveState = (): LiveState => state
const BEFORE: LiveState = { live: false, heardAt: 0 }

export const useLiveState = (): LiveState => useSyncExternalStore(subscribe, readLiveState, () => BEFORE)

/** A query's polling interval: none while live updates arrive. */
export const useAskEvery = (ms: number): number | false => (useLiveState().live ? false : ms)
