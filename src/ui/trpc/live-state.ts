import { useSyncExternalStore } from 'react'

/** Two beats and a little: an event that is later than this is not coming. */
const SILENT_MS = 25_000

interface LiveState {
  /** Whether changes are told, so that nothing has to be asked for. */
  readonly live: boolean
  /** When the last event came, by the local clock; 0 before the first. */
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

/** From here on queries ask, as they do before the first event. */
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

/** How often a query asks: not at all while changes are told. */
export const useAskEvery = (ms: number): number | false => (useLiveState().live ? false : ms)
