import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireReach } from '~/server/auth/authorize'
import type { Deps } from '~/server/deps'
import { freezeEvent } from '~/server/freezes/freeze-view'
import { type FreezeRow, findFreeze, findLock, markLifted } from '~/server/freezes/freezes'

type LiftDeps = Pick<Deps, 'db' | 'now'>

/**
 * Ends a freeze early, or cancels a scheduled one.
 *
 * @throws AppError `freeze_unknown`, `permission_refused`, `proof_stale`, `freeze_over` when the freeze has already ended
 */
export async function liftFreeze(deps: LiftDeps, actor: Actor, id: string): Promise<void> {
  const freeze = await findFreeze(deps.db, id)
  if (freeze === null)
    throw new AppError('freeze_unknown', `There is no freeze ${id}. Nothing was changed. Check the id.`)
  await lift(deps, actor, freeze)
}

/** Removes the lock of a surface. Throws `freeze_unknown` when the surface has no lock, and what `liftFreeze` throws. */
export async function unlockSurface(deps: LiftDeps, actor: Actor, surfaceId: string): Promise<void> {
  const lock = await findLock(deps.db, surfaceId)
  if (lock === null) throw new AppError('freeze_unknown', `"${surfaceId}" is not locked. Nothing was changed.`)
  await lift(deps, actor, lock)
}

async function lift(deps: LiftDeps, actor: Actor, freeze: FreezeRow): Promise<void> {
  const environment = freeze.environment ?? freeze.surface?.environment ?? ''
  requireReach(actor, { environment, ...(freeze.surfaceId === null ? {} : { surfaceId: freeze.surfaceId }) })
  // Lifting allows more than an override, since every deploy may ship then. It needs the same fresh proof, in every environment.
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
  if (!lifted) {
    throw new AppError(
      'freeze_over',
      'This freeze has already ended or been lifted. Nothing was changed. Reload the page.',
    )
  }
}
