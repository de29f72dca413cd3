/**
 * What is known about workers: one was seen in the last minute (`seen`), none was since a time (`silent`), or none is on record (`never`).
 * A worker of a version that records no heartbeat may run all the same.
 */
export type WorkerState =
  | { readonly state: 'seen' }
  | { readonly state: 'never' }
  | {
      readonly state: 'silent'
      /** ISO, in UTC. */
      readonly since: string
    }

/** A worker records its heartbeat this often. */
export const HEARTBEAT_MS = 10_000
export const SILENT_AFTER_MS = 60_000

export function workerState(seenAt: Date | null, silentMs: number | null): WorkerState {
  if (seenAt === null || silentMs === null) return { state: 'never' }
  return silentMs < SILENT_AFTER_MS ? { state: 'seen' } : { state: 'silent', since: seenAt.toISOString() }
}

/** Null while a worker is seen. `clock` words the time for its reader. */
export function workerWarning(worker: WorkerState, clock: (iso: string) => string): string | null {
  if (worker.state === 'seen') return null
  return worker.state === 'never'
    ? 'No worker of this version has reported.'
    : `No worker of this version has reported since ${clock(worker.since)}.`
}
