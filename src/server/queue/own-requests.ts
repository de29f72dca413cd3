import 'server-only'
import type { Actor } from '~/domain/actor'
import { ENDED_TOLD_HOURS, type EndedRequest, type QueuedState, type QueuedView } from '~/domain/deploy/queue'
import { AppError } from '~/domain/errors'
import type { Deps } from '~/server/deps'
import { expire } from '~/server/queue/leave-queue'
import { dismissQueued, listEndedOf, listWaiting, type QueuedRow, requireQueued } from '~/server/queue/queued-requests'
import { endOfQueued, queuedStateAt, queuedView } from '~/server/queue/queued-view'

type ReadDeps = Pick<Deps, 'db' | 'now'>

/** The reader's requests, and those of the reader's tokens: what waits, and what ended without a deploy and is still told. */
interface OwnRequests {
  readonly waiting: readonly QueuedView[]
  readonly ended: readonly QueuedView[]
}

/** Without `surfaceId`: at every surface. */
export async function listOwnRequests(deps: ReadDeps, actor: Actor, surfaceId?: string): Promise<OwnRequests> {
  const at = deps.now()
  const [waiting, ended] = await Promise.all([
    listWaiting(deps.db, at, surfaceId === undefined ? undefined : [surfaceId], actor.userId),
    listEnded(deps, actor, surfaceId),
  ])
  const views = (rows: readonly QueuedRow[]) => Promise.all(rows.map((row) => queuedView(deps, row, actor)))
  const [waitingViews, endedViews] = await Promise.all([views(waiting), views(ended)])
  return { waiting: waitingViews, ended: endedViews }
}

/** What of the reader's requests ended without a deploy, as the grid tells it. */
export async function listEndedRequests(deps: ReadDeps, actor: Actor): Promise<EndedRequest[]> {
  const rows = await listEnded(deps, actor)
  return rows.map((row) => ({
    id: row.id,
    state: queuedStateAt(row, deps.now()),
    surface: row.surface,
    kind: row.kind,
    sourceId: row.kind === 'promotion' ? row.sourceId : null,
    ref: row.ref,
    sha: row.sha,
    requestedBy: row.requestedBy,
    requestedByOwner: row.owner,
    end: endOfQueued(row),
    replacedById: row.replacedById,
  }))
}

/** Whoever withdrew a request knows that it ended. */
async function listEnded({ db, now }: ReadDeps, { userId, name }: Actor, surfaceId?: string): Promise<QueuedRow[]> {
  const at = now()
  const since = new Date(at.getTime() - ENDED_TOLD_HOURS * 3_600_000)
  return listEndedOf(db, { userId, notWithdrawnBy: name, since, at, ...(surfaceId === undefined ? {} : { surfaceId }) })
}

/**
 * Stops telling the requester of the end of a request. A repetition changes nothing.
 *
 * @throws AppError `queued_unknown`, `permission_refused` for somebody else's, `queue_refused` while it waits or once it is a deploy
 */
export async function dismissEnded(deps: ReadDeps, actor: Actor, id: string): Promise<{ readonly id: string }> {
  const row = await requireQueued(deps.db, id)
  if (row.requestedByUserId !== actor.userId) {
    throw new AppError('permission_refused', `Only ${row.requestedBy} is told of this request. Nothing was changed.`)
  }
  const at = deps.now()
  const state = queuedStateAt(row, at)
  if (!isTold(state)) {
    const why = state === 'waiting' ? 'still waits. Withdraw the request instead.' : 'has become a deploy.'
    throw new AppError('queue_refused', `Nothing was dismissed: this queued request ${why}`, {
      details: { queued_id: id, state },
    })
  }
  await deps.db.$transaction(async (tx) => {
    if (row.state === 'waiting') await expire(tx, row, at)
    await dismissQueued(tx, id, at)
  })
  return { id }
}

const isTold = (state: QueuedState): boolean => state !== 'waiting' && state !== 'deployed'
