import 'server-only'
import { rolloutOf } from '~/domain/flags'
import { findPromotion } from '~/server/db/flag-promotions'
import type { Statements } from '~/server/db/statements'
import type { Deps } from '~/server/deps'
import { type FlagName, flagDefault } from '~/server/flags/declared-flags'

/** Environment variable, else the promotion that holds for this environment, else the default in feature_flags.yaml. */
export async function isFlagOn(
  deps: Pick<Deps, 'config'> & { readonly sql: Statements },
  flag: FlagName,
  environment: string,
): Promise<boolean> {
  const forced = deps.config.forcedFlags[flag]
  if (forced !== undefined) return forced
  return (await findPromotion(deps.sql, flag, rolloutOf(environment))) ?? flagDefault(flag)
}
