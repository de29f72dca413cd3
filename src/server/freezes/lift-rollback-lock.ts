import 'server-only'
import { shortSha } from '~/domain/ref'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { freezeEvent } from '~/server/freezes/freeze-view'
import { type FreezeRow, findFreeze, markLifted } from '~/server/freezes/freezes'
import type { DatabaseHandle } from '~/server/platform/database'

/** The reason of the lock that a rollback sets. */
export const rollbackReason = (sha: string, isByConsole: boolean): string =>
  `A rollback to ${shortSha(sha)} was requested${isByConsole ? ' by the console' : ''}`
const ROLLBACK_REASON = /^A rollback to [0-9a-f]{7,40} was requested(?: by the console)?$/

/** Whether the lock is as a rollback set it. A lock to which somebody gave another reason or an end is theirs. */
export const isAsRollbackSetIt = ({ reason, endsAt }: Pick<FreezeRow, 'reason' | 'endsAt'>): boolean =>
  endsAt === null && ROLLBACK_REASON.test(reason)

/**
 * Lifts the lock that a rollback set itself, once it is proven that the rollback shipped nothing: the surface still runs what it ran. The caller's
 * transaction records the proof.
 */
export async function liftRollbackLock(
  tx: DatabaseHandle,
  { deployId, surfaceId, at }: { readonly deployId: string; readonly surfaceId: string; readonly at: Date },
): Promise<void> {
  const lock = await tx.freeze.findFirst({
    where: { rollbackDeployId: deployId, kind: 'lock', liftedAt: null, replaced: false },
    select: { id: true, reason: true, endsAt: true },
  })
  if (lock === null || !isAsRollbackSetIt(lock) || !(await markLifted(tx, lock.id, { by: 'console', at }))) return
  const lifted = await findFreeze(tx, lock.id)
  if (lifted === null) return
  await appendAuditEvent(
    tx,
    { actor: 'console', at, surfaceId, deployId },
    freezeEvent('console.freeze.lifted', lifted),
  )
}
