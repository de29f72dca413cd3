import { setTimeout as pause } from 'node:timers/promises'

const LOCK_NOT_AVAILABLE = '55P03'

/** All later queries of a table wait behind a change that waits, so a change waits for at most this long. */
const LOCK_TIMEOUT_MS = 2_000
const LOCK_PAUSE_MS = 1_000
/** About five minutes: longer than a backup of a usual console holds its tables. */
const LOCK_TRIES = 100

export const LIMIT_WAIT = `SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS}ms'`

export const TABLES_ARE_USED =
  'Another program, such as a backup, uses tables of the database that must be changed. Trying again for up to five minutes …'

export interface Waiting {
  readonly signal?: AbortSignal
  /** Called once, when the first try has stepped back. */
  readonly onWait?: () => void
}

/** Repeats a transaction that begins with `LIMIT_WAIT`, until no other transaction holds its tables. Each try is short. */
export async function whenTablesAreFree<T>(attempt: () => Promise<T>, { signal, onWait }: Waiting): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt()
    } catch (error) {
      const isHeld = [error, error instanceof Error ? error.cause : undefined].some(
        (reason) => codeOf(reason) === LOCK_NOT_AVAILABLE,
      )
      if (!isHeld || tries === LOCK_TRIES) throw error
      if (tries === 1) onWait?.()
      await pause(LOCK_PAUSE_MS, undefined, signal === undefined ? {} : { signal })
    }
  }
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
