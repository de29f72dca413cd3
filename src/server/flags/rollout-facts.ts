import 'server-only'
import { isPromoted, type RolloutFacts } from '~/domain/flags'
import { hasShippedSince } from '~/server/deploys/read/deploy-history'
import type { DeclaredFlag } from '~/server/flags/declared-flags'
import type { Promotion } from '~/server/flags/flag-promotions'
import type { DatabaseHandle } from '~/server/platform/database'

export interface FlagFacts extends RolloutFacts {
  readonly promotions: Readonly<Partial<Record<'staging' | 'production', Promotion>>>
}

/** Whether staging was observed is only asked where it decides: before a promotion to production. */
export async function rolloutFacts(
  db: DatabaseHandle,
  flag: DeclaredFlag,
  promotions: readonly Promotion[],
): Promise<FlagFacts> {
  const inEnvironment = (environment: string) =>
    promotions.find((promotion) => promotion.flag === flag.name && promotion.environment === environment)
  const staging = inEnvironment('staging')
  const production = inEnvironment('production')
  const facts = {
    default: flag.default,
    promotions: { ...(staging && { staging }), ...(production && { production }) },
  }
  const mustBeObserved = isPromoted(facts, 'staging') && !isPromoted(facts, 'production')
  // On by default and never switched: on since ever.
  const onSince = staging?.promotedAt ?? new Date(0)
  return { ...facts, observedOnStaging: mustBeObserved && (await hasShippedSince(db, 'staging', onSince)) }
}
