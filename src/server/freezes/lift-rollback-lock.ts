import 'server-only'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { freezeEvent } from '~/server/freezes/freeze-view'
import { findFreeze, markLifted } from '~/server/freezes/freezes'
import type { DatabaseHandle } from '~/server/platform/database'

/** The reason of the lock that a rollback sets begins with this. A lock whose reason somebody changed is theirs. */
export const ROLLBACK_LOCK = 'A rollback to '

/**
 * Lifts the lock that a rollback set itself, once it is proven that the rollback shipped nothing: the surface still runs what it ran. The caller's
 * transaction records the proof.
 */
export async function liftRollbackLock(
  tx: DatabaseHandle,
  { deployId, surfaceId, at }: { readonly deployId: string; readonly surfaceId: string; readonly at: Date },
): Promise<void> {
  const lock = await tx.freeze.findFirst({
    where: {
      rollbackDeployId: deployId,
      kind: 'lock',
      liftedAt: null,
      replaced: false,
      reason: { startsWith: ROLLBACK_LOCK },
    },
    select: { id: true },
  })
  if (lock === null || !(await markLifted(tx, lock.id, { by: 'console', at }))) return
  const lifted = await findFreeze(tx, lock.id)
  if (lifted === null) return
  await appendAuditEvent(
    tx,
    { actor: 'console', at, surfaceId, deployId },
    freezeEvent('console.freeze.lifted', lifted),
  )
}
