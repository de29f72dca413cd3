import { may } from '~/domain/actor'
import type { Permission, Role } from '~/domain/permissions'
import type { SurfaceTile } from '~/domain/surface/tile'
import type { WorkerState } from '~/domain/worker'

/** What a browser window is told when something has changed, and every few seconds otherwise. Times are ISO strings in UTC. */
export interface LiveEvent {
  /** The console's clock. */
  readonly now: string
  /** Events may have been missed: the window reads everything again. */
  readonly reload: boolean
  /** Tiles that changed, whole. */
  readonly tiles: readonly SurfaceTile[]
  /** Surfaces that were probed again, whether or not anything else about them changed. */
  readonly checked: readonly Checked[]
  /** Deploys and approvals that changed, by id. */
  readonly deploys: readonly string[]
  readonly approvals: readonly string[]
  readonly freezes: boolean
  /** Whether channels or deliveries changed. False for a reader without `delivery.manage`. */
  readonly deliveries: boolean
  /** Whether /health changed. False for a reader without `health.read`. */
  readonly health: boolean
  /** Repositories whose webhooks are silent; null if unchanged, or for a reader without `health.read`. */
  readonly silent: readonly string[] | null
  /** Null if unchanged. */
  readonly worker: WorkerState | null
}

/** An event that reports no change. */
export const quietEvent = (now: string): LiveEvent => ({
  now,
  reload: false,
  tiles: [],
  checked: [],
  deploys: [],
  approvals: [],
  freezes: false,
  deliveries: false,
  health: false,
  silent: null,
  worker: null,
})

/** The part of an event that a role may see. */
export function eventFor(role: Role, event: LiveEvent): LiveEvent {
  const allowed = (permission: Permission) => may({ role, permissions: null }, permission)
  const deliveries = event.deliveries && allowed('delivery.manage')
  return allowed('health.read') ? { ...event, deliveries } : { ...event, deliveries, health: false, silent: null }
}

export interface Checked {
  readonly id: string
  readonly checkedAt: string
  /** When the surface last reported its version; null when it never did. */
  readonly seenAt: string | null
}

/** The longest time between two events, so that a window can tell a quiet stream from a broken one. */
export const LIVE_BEAT_MS = 10_000
