import 'server-only'
import { type Actor, may } from '~/domain/actor'
import type { QueuedView } from '~/domain/deploy/queue'
import { AppError } from '~/domain/errors'
import { appendAuditEvent, tokenOwner } from '~/server/audit/append-audit'
import { requireReach } from '~/server/auth/authorize'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'
import { endQueued, listOverdue, type QueuedRow, requireQueued } from '~/server/queue/queued-requests'
import { queuedFacts, queuedStateAt, queuedView } from '~/server/queue/queued-view'

type LeaveDeps = Pick<Deps, 'db' | 'now'>

/**
 * Takes a request out of the queue: the actor's own, or as an approver anybody's. A repetition by the same person gets the same answer.
 *
 * @throws AppError `queued_unknown`, `permission_refused`, `queued_over`
 */
export async function withdrawQueued(deps: LeaveDeps, actor: Actor, id: string): Promise<QueuedView> {
  const row = await requireQueued(deps.db, id)
  if (row.requestedByUserId !== actor.userId && !may(actor, 'deploy.approve')) {
    throw new AppError(
      'permission_refused',
      `Only ${row.requestedBy} or an approver can withdraw this request. Nothing was changed. Ask one of them.`,
    )
  }
  requireReach(actor, { environment: row.environment, surfaceId: row.surfaceId })
  if (row.state === 'withdrawn' && row.endedBy === actor.name) return queuedView(deps, row, actor)
  const at = deps.now()
  const isWithdrawn = await deps.db.$transaction(async (tx) => {
    if (!(await endQueued(tx, id, { state: 'withdrawn' }, { by: actor.name, at }))) return false
    await appendAuditEvent(
      tx,
      { actor: actor.name, at, surfaceId: row.surfaceId },
      { action: 'console.queue.withdrawn', status: null, payload: { ...queuedFacts(row), ...withdrawer(actor) } },
    )
    await addJob(tx, { task: 'take_turn', payload: { surfaceId: row.surfaceId } })
    return true
  })
  const now = await requireQueued(deps.db, id)
  if (!isWithdrawn) throw queuedOver(deps, now)
  return queuedView(deps, now, actor)
}

/** The payload's `user_id` is the requester's; the owner of a token that withdraws another's request is named beside it. */
function withdrawer(actor: Actor): { readonly withdrawn_by_user_id?: string } {
  const { user_id } = { user_id: undefined, ...tokenOwner(actor) }
  return user_id === undefined ? {} : { withdrawn_by_user_id: user_id }
}

function queuedOver({ now }: Pick<LeaveDeps, 'now'>, row: QueuedRow): AppError {
  const state = queuedStateAt(row, now())
  const by = row.endedBy === null || row.endedBy === 'console' ? '' : ` by ${row.endedBy}`
  const next = state === 'deployed' ? 'Cancel the deploy instead.' : 'Nothing of it will be deployed.'
  return new AppError('queued_over', `This queued request is already ${state}${by}. Nothing was changed. ${next}`, {
    details: { queued_id: row.id, state, ...(row.deployId === null ? {} : { deploy_id: row.deployId }) },
  })
}

/** Records every expiry that is due. Any number of processes may run this pass at once. */
export async function expireQueued(deps: LeaveDeps): Promise<void> {
  const at = deps.now()
  for (const row of await listOverdue(deps.db, at)) await deps.db.$transaction((tx) => expire(tx, row, at))
}

/** Records that a request has expired, in the caller's transaction. */
export async function expire(tx: DatabaseHandle, row: QueuedRow, at: Date): Promise<void> {
  if (!(await endQueued(tx, row.id, { state: 'expired' }, { by: 'console', at }))) return
  await appendAuditEvent(
    tx,
    { actor: 'console', at, surfaceId: row.surfaceId },
    { action: 'console.queue.expired', status: null, payload: queuedFacts(row) },
  )
}
