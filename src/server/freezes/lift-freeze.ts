import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireReach } from '~/server/auth/rights/authorize'
import type { Deps } from '~/server/deps'
import { freezeEvent } from '~/server/freezes/freeze-view'
import { type FreezeRow, findFreeze, findLock, markLifted } from '~/server/freezes/freezes'

type LiftDeps = Pick<Deps, 'db' | 'now'>

/**
 * Ends a freeze before its time, or calls off one to come.
 *
 * @throws AppError `freeze_unknown`, `permission_refused`, `proof_stale`, `freeze_over` when it ended already
 */
export async function liftFreeze(deps: LiftDeps, actor: Actor, id: string): Promise<void> {
  const freeze = await findFreeze(deps.db, id)
  if (freeze === null) throw new AppError('freeze_unknown', `There is no freeze ${id}. Nothing was changed.`)
  await lift(deps, actor, freeze)
}

/** Takes a surface's lock away. Throws `freeze_unknown` when it has none, else as `liftFreeze` does. */
export async function unlockSurface(deps: LiftDeps, actor: Actor, surfaceId: string): Promise<void> {
  const lock = await findLock(deps.db, surfaceId)
  if (lock === null) throw new AppError('freeze_unknown', `"${surfaceId}" is not locked. Nothing was changed.`)
  await lift(deps, actor, lock)
}

async function lift(deps: LiftDeps, actor: Actor, freeze: FreezeRow): Promise<void> {
  const environment = freeze.environment ?? freeze.surface?.environment ?? ''
  requireReach(actor, { environment, ...(freeze.surfaceId === null ? {} : { surfaceId: freeze.surfaceId }) })
  // Lifting opens what overriding opens, and for everybody: so it takes the same proof, in whatever environment.
  requireFreshProof(
    deps,
    actor,
    freeze.surface === null ? 'lifting this freeze' : `unlocking ${inSentence(freeze.surface.name)}`,
  )
  const at = deps.now()
  const lifted = await deps.db.$transaction(async (tx) => {
    if (!(await markLifted(tx, freeze.id, { by: actor.name, at }))) return false
    const { surfaceId } = freeze
    const subject = { actor: actor.name, at, ...(surfaceId === null ? {} : { surfaceId }) }
    await appendAuditEvent(tx, subject, freezeEvent('console.freeze.lifted', freeze))
    return true
  })
  if (!lifted) throw new AppError('freeze_over', 'This freeze is over already: it ended, or somebody else lifted it.')
}
