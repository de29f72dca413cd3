import 'server-only'
import { rolloutOf } from '~/domain/flags'
import type { Deps } from '~/server/deps'
import { type FlagName, flagDefault } from '~/server/flags/declared-flags'
import { findPromotions } from '~/server/flags/flag-promotions'
import type { DatabaseHandle } from '~/server/platform/database'

/**
 * For each flag: the environment variable, else the promotion that holds for this environment, else the default in
 * feature_flags.yaml. At most one statement.
 */
export async function flagsOn<Name extends FlagName>(
  deps: Pick<Deps, 'config'> & { readonly db: DatabaseHandle },
  flags: readonly Name[],
  environment: string,
): Promise<Readonly<Record<Name, boolean>>> {
  const { forcedFlags } = deps.config
  const open = flags.filter((flag) => forcedFlags[flag] === undefined)
  const promoted = open.length === 0 ? new Map() : await findPromotions(deps.db, open, rolloutOf(environment))
  const values = flags.map((flag) => [flag, forcedFlags[flag] ?? promoted.get(flag) ?? flagDefault(flag)])
  return Object.fromEntries(values)
}
