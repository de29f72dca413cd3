import type { SurfaceTile } from '~/domain/surface'

/** What a window is told when something changed, and every few seconds that nothing did. Times are ISO strings in UTC. */
export interface LiveEvent {
  /** The console's clock. */
  readonly now: string
  /** What came since the last event this window saw is not known: everything shown is to be read again. */
  readonly reload: boolean
  /** Tiles that changed, whole. */
  readonly tiles: readonly SurfaceTile[]
  /** Surfaces that were probed again, whether or not anything else about them changed. */
  readonly checked: readonly Checked[]
  /** Deploys and approvals that changed, by id. */
  readonly deploys: readonly string[]
  readonly approvals: readonly string[]
  readonly freezes: boolean
}

export interface Checked {
  readonly id: string
  readonly checkedAt: string
  /** When the surface last reported its version; null when it never did. */
  readonly seenAt: string | null
}

/** An event comes at least this often, so that a window knows a silent stream from a dead one. */
export const LIVE_BEAT_MS = 10_000
