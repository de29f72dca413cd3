import 'server-only'
import type { RolloutFacts } from '~/domain/flags'
import type { DatabaseHandle } from '~/server/db/client'
import { firstSuccessSince } from '~/server/db/deploy-history'
import type { Promotion } from '~/server/db/flag-promotions'
import type { DeclaredFlag } from '~/server/flags/declared-flags'

export interface FlagFacts extends RolloutFacts {
  readonly promotions: Readonly<Partial<Record<'staging' | 'production', Promotion>>>
}

/** Whether staging was observed is only asked where it decides: before the first promotion to production. */
export async function rolloutFacts(
  db: DatabaseHandle,
  flag: DeclaredFlag,
  promotions: readonly Promotion[],
): Promise<FlagFacts> {
  const inEnvironment = (environment: string) =>
    promotions.find((promotion) => promotion.flag === flag.name && promotion.environment === environment)
  const staging = inEnvironment('staging')
  const production = inEnvironment('production')
  const mustBeObserved = production === undefined && staging?.enabled === true
  return {
    default: flag.default,
    promotions: { ...(staging && { staging }), ...(production && { production }) },
    observedOnStaging: mustBeObserved && (await firstSuccessSince(db, 'staging', staging.promotedAt)) !== null,
  }
}
