import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import {
  type FlagChange,
  type FlagInEnvironment,
  type FlagView,
  isPromoted,
  ROLLOUT,
  type RolloutFacts,
  refusalOf,
} from '~/domain/flags'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireReach } from '~/server/auth/authorize'
import { hasShippedSince } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { type DeclaredFlag, declaredFlags, listPromotions, type Promotion, writePromotion } from '~/server/flags/flags'
import type { DatabaseHandle } from '~/server/platform/database'
import { lockFlag } from '~/server/platform/locks.sql'

/**
 * Switches a flag on (`promote`) or off (`demote`) for one environment, under a lock on the flag. If the flag already has that
 * value, nothing is changed or audited. A refusal is audited, then thrown.
 *
 * @throws AppError `flag_unknown`, `permission_refused`, `proof_stale` (production), `flag_change_refused`
 */
export async function changeFlag(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  actor: Actor,
  change: 'promote' | 'demote',
  { flag: name, environment }: FlagChange,
): Promise<{ readonly changed: boolean }> {
  const flag = declaredFlags().find((declared) => declared.name === name)
  if (flag === undefined)
    throw new AppError('flag_unknown', `feature_flags.yaml does not declare a flag "${name}". Nothing was changed.`)
  requireReach(actor, { environment })
  if (environment === 'production') requireFreshProof(deps, actor, `changing ${name} for production`)
  const at = deps.now()
  const result = await deps.db.$transaction((tx) => decide(tx, flag, { actor: actor.name, at, change, environment }))
  if (result instanceof AppError) throw result
  if (result.changed) deps.logger.info({ flag: name, environment, change, actor: actor.name }, 'flag changed')
  return result
}

interface RequestedChange {
  readonly actor: string
  readonly at: Date
  readonly change: 'promote' | 'demote'
  readonly environment: FlagChange['environment']
}

async function decide(tx: DatabaseHandle, flag: DeclaredFlag, { actor, at, change, environment }: RequestedChange) {
  await lockFlag(tx, flag.name)
  const facts = await readRolloutFacts(tx, flag, await listPromotions(tx, flag.name))
  const to = change === 'promote'
  const was = isPromoted(facts, environment)
  if (was === to) return { changed: false }
  const refusal = refusalOf(facts, environment, to)
  if (refusal !== null) {
    const payload = { flag: flag.name, environment, change, reason: refusal }
    await appendAuditEvent(tx, { actor, at }, { action: 'console.flag.change_refused', status: null, payload })
    return new AppError('flag_change_refused', `${refusal} Nothing was changed.`)
  }
  await writePromotion(tx, { flag: flag.name, environment, enabled: to, promotedBy: actor, promotedAt: at })
  await appendAuditEvent(
    tx,
    { actor, at },
    {
      action: to ? 'console.flag.promoted' : 'console.flag.demoted',
      status: null,
      payload: { flag: flag.name, environment, was },
    },
  )
  return { changed: true }
}

/** Every declared flag: its value in each environment, the reason for the value, and the changes that are possible now. */
export async function listFlags(deps: Pick<Deps, 'db' | 'config'>): Promise<FlagView[]> {
  const promotions = await listPromotions(deps.db)
  return Promise.all(
    declaredFlags().map(async (flag) => {
      const facts = await readRolloutFacts(deps.db, flag, promotions)
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

interface FlagFacts extends RolloutFacts {
  readonly promotions: Readonly<Partial<Record<'staging' | 'production', Promotion>>>
}

/** Reads the staging deploys only before a promotion to production, because only that decision depends on them. */
async function readRolloutFacts(
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
  // A flag that is on by default and was never switched has always been on.
  const onSince = staging?.promotedAt ?? new Date(0)
  return { ...facts, observedOnStaging: mustBeObserved && (await hasShippedSince(db, 'staging', onSince)) }
}
