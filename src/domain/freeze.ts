import { z } from 'zod'
import { environmentName, instant, requiredReason, surfaceId } from '~/domain/input'

/** When a freeze is in force. */
export interface FreezeTimes {
  readonly startsAt: Date
  /** Null: until it is lifted. */
  readonly endsAt: Date | null
  readonly liftedAt: Date | null
}

export type FreezeState = 'upcoming' | 'in_force' | 'over'

export function freezeState(freeze: FreezeTimes, now: Date): FreezeState {
  if (freeze.liftedAt !== null || (freeze.endsAt !== null && freeze.endsAt <= now)) return 'over'
  return freeze.startsAt > now ? 'upcoming' : 'in_force'
}

/** A freeze or lock that is in force now. */
export interface FreezeInForce {
  readonly id: string
  /** `locked`: this surface alone. `frozen`: the whole environment. */
  readonly kind: 'locked' | 'frozen'
  readonly reason: string
  /** Null: until it is lifted. */
  readonly until: string | null
  readonly since: string
  readonly by: string
}

/** The repository variable DEPLOY_FREEZE while it freezes (docs/operations/run.md, "Freezes and locks"). */
export interface DeployFreeze {
  readonly reason: string
  readonly readAt: Date
}

/** Strongest first: a lock, then the freeze that ends last. */
export function byStrength(freezes: readonly FreezeInForce[]): FreezeInForce[] {
  const rank = ({ kind, until }: FreezeInForce) =>
    kind === 'locked' ? Number.POSITIVE_INFINITY : until === null ? Number.MAX_VALUE : Date.parse(until)
  return freezes.toSorted((a, b) => rank(b) - rank(a))
}

export const strongest = (freezes: readonly FreezeInForce[]): FreezeInForce | null => byStrength(freezes)[0] ?? null

/** A row of the freezes page. */
export interface FreezeView {
  readonly id: string
  readonly state: FreezeState
  /** The frozen environment; null for a lock, whose surface is in `surface`. */
  readonly environment: string | null
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string } | null
  readonly reason: string
  readonly startsAt: string
  readonly endsAt: string | null
  readonly createdBy: string
  readonly createdAt: string
  readonly lifted: { readonly by: string; readonly at: string } | null
}

/** Input of `freezes.open`: from now on, or from `startsAt`; until `endsAt`, or until it is lifted. */
export const openFreezeInput = z.object({
  environment: environmentName.default('production'),
  reason: requiredReason,
  startsAt: instant.optional(),
  endsAt: instant.optional(),
})
export type OpenFreezeInput = z.output<typeof openFreezeInput>

export const lockInput = z.object({ surfaceId, reason: requiredReason })
export type LockInput = z.output<typeof lockInput>
