import 'server-only'
import { type FlagInEnvironment, type FlagView, isPromoted, ROLLOUT, refusalOf } from '~/domain/flags'
import type { Deps } from '~/server/deps'
import { declaredFlags } from '~/server/flags/declared-flags'
import { listPromotions } from '~/server/flags/flag-promotions'
import { type FlagFacts, rolloutFacts } from '~/server/flags/rollout-facts'

/** Every declared flag: what it is where, why, and what may be done about it now. */
export async function listFlags(deps: Pick<Deps, 'db' | 'config'>): Promise<FlagView[]> {
  const promotions = await listPromotions(deps.db)
  return Promise.all(
    declaredFlags().map(async (flag) => {
      const facts = await rolloutFacts(deps.db, flag, promotions)
      const forced = deps.config.forcedFlags[flag.name] ?? null
      return { ...flag, forced, environments: ROLLOUT.map((environment) => inEnvironment(facts, forced, environment)) }
    }),
  )
}

function inEnvironment(
  facts: FlagFacts,
  forced: boolean | null,
  environment: (typeof ROLLOUT)[number],
): FlagInEnvironment {
  const promotion = facts.promotions[environment]
  const promoted = isPromoted(facts, environment)
  return {
    environment,
    on: forced ?? promoted,
    because: forced !== null ? 'variable' : promotion !== undefined ? 'promotion' : 'default',
    promotion:
      promotion === undefined
        ? null
        : { enabled: promotion.enabled, by: promotion.promotedBy, at: promotion.promotedAt.toISOString() },
    promoted,
    refusal: refusalOf(facts, environment, !promoted),
  }
}
