import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { type FlagChange, isPromoted, refusalOf } from '~/domain/flags'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireReach } from '~/server/auth/rights/authorize'
import { requireFreshProof } from '~/server/auth/rights/require-fresh-proof'
import type { Deps } from '~/server/deps'
import { type DeclaredFlag, declaredFlags } from '~/server/flags/declared-flags'
import { listPromotions, writePromotion } from '~/server/flags/flag-promotions'
import { rolloutFacts } from '~/server/flags/rollout-facts'
import type { DatabaseHandle } from '~/server/platform/database'
import { lockFlag } from '~/server/platform/locks.sql'

/**
 * Switches a flag on (`promote`) or off (`demote`) for one environment, in one transaction that nobody else can decide
 * about the same flag in. What is so already stays so, without another audit row. A refusal is audited, then thrown.
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
  if (flag === undefined) throw new AppError('flag_unknown', `feature_flags.yaml declares no flag "${name}".`)
  requireReach(actor, { environment })
  if (environment === 'production') requireFreshProof(deps, actor, `changing ${name} for production`)
  const at = deps.now()
  const result = await deps.db.$transaction((tx) => decide(tx, flag, { actor: actor.name, at, change, environment }))
  if (result instanceof AppError) throw result
  if (result.changed) deps.logger.info({ flag: name, environment, change, actor: actor.name }, 'flag changed')
  return result
}

interface Wish {
  readonly actor: string
  readonly at: Date
  readonly change: 'promote' | 'demote'
  readonly environment: FlagChange['environment']
}

async function decide(tx: DatabaseHandle, flag: DeclaredFlag, { actor, at, change, environment }: Wish) {
  await lockFlag(tx, flag.name)
  const facts = await rolloutFacts(tx, flag, await listPromotions(tx, flag.name))
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
