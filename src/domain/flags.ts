import { z } from 'zod'
import { storableText } from '~/domain/input'

/** The order of a rollout (docs/contract.md, "Flags"): staging first, then production. */
export const ROLLOUT = ['staging', 'production'] as const
export type RolloutEnvironment = (typeof ROLLOUT)[number]

/** The environment whose promotion applies. Every environment except production follows staging. */
export const rolloutOf = (environment: string): RolloutEnvironment =>
  environment === 'production' ? 'production' : 'staging'

export const flagChange = z.object({ flag: storableText.min(1).max(100), environment: z.enum(ROLLOUT) })
export type FlagChange = z.output<typeof flagChange>

export interface FlagPromotionView {
  readonly enabled: boolean
  readonly by: string
  readonly at: string
}

export interface FlagInEnvironment {
  readonly environment: RolloutEnvironment
  /** The value in effect. */
  readonly on: boolean
  readonly because: 'variable' | 'promotion' | 'default'
  /** The last promotion or demotion; null when there was none. */
  readonly promotion: FlagPromotionView | null
  /** Promoted here, whatever a variable says. */
  readonly promoted: boolean
  /** Why the flag cannot be switched now, in a sentence; null when it can. */
  readonly refusal: string | null
}

export interface FlagView {
  readonly name: string
  readonly default: boolean
  readonly gates: string
  /** The environment variable with the flag's name. It overrides everything here. */
  readonly forced: boolean | null
  readonly environments: readonly FlagInEnvironment[]
}

/** The facts on which a change of a flag is decided. */
export interface RolloutFacts {
  readonly default: boolean
  readonly promotions: Readonly<Partial<Record<RolloutEnvironment, { readonly enabled: boolean }>>>
  /** Whether a deploy to staging that was requested after the flag was last switched on there has shipped. */
  readonly observedOnStaging: boolean
}

export function isPromoted(facts: Pick<RolloutFacts, 'default' | 'promotions'>, environment: RolloutEnvironment) {
  return facts.promotions[environment]?.enabled ?? facts.default
}

/**
 * Why switching the flag on or off for an environment is refused now; null when it is allowed.
 *
 * - Production follows staging, after one deploy to staging has shipped since the flag was last switched on there.
 * - Off is allowed at any time, but staging never goes off under a production that is on.
 */
export function refusalOf(facts: RolloutFacts, environment: RolloutEnvironment, to: boolean): string | null {
  if (environment === 'staging') {
    return !to && isPromoted(facts, 'production') ? 'The flag is on for production. Demote it there first.' : null
  }
  if (!to) return null
  if (!isPromoted(facts, 'staging')) return 'The flag is not on for staging. Promote it there first.'
  return facts.observedOnStaging
    ? null
    : 'No deploy to staging is proven to have shipped since the flag was promoted there. Deploy to staging, then promote the flag here.'
}
