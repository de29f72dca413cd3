import 'server-only'
import { type Actor, may, reaches } from '~/domain/actor'
import { DEPLOY_KINDS } from '~/domain/deploy/approval'
import { storedValues } from '~/domain/deploy/asked-inputs'
import {
  NO_QUEUE,
  QUEUED_STATES,
  type QueuedState,
  type QueuedSummary,
  type QueuedView,
  type SurfaceQueue,
  waitForSource,
} from '~/domain/deploy/queue'
import { isTerminal } from '~/domain/deploy/status'
import { tokenOwner } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'
import {
  aheadSelect,
  behindSelect,
  findReplaced,
  listWaiting,
  type QueuedRow,
  queueStateOf,
  readHasAlarm,
  requireQueued,
  type SurfaceBehind,
} from '~/server/queue/queued-requests'

type ReadDeps = Pick<Deps, 'db' | 'now'>

/** Reads a request as expired from its expiry time on, also before the worker records the expiry. */
export function queuedStateAt(row: Pick<QueuedRow, 'state' | 'expiresAt'>, now: Date): QueuedState {
  const state = QUEUED_STATES.find((known) => known === row.state)
  if (state === undefined) throw new Error(`queue state ${row.state} is unknown to this version`)
  return state === 'waiting' && row.expiresAt <= now ? 'expired' : state
}

const kindOf = (row: Pick<QueuedRow, 'kind'>) => DEPLOY_KINDS.find((kind) => kind === row.kind) ?? 'deploy'

const summaryOf = (row: QueuedRow, index: number): QueuedSummary => ({
  id: row.id,
  position: index + 1,
  kind: kindOf(row),
  sourceId: row.kind === 'promotion' ? row.sourceId : null,
  ref: row.ref,
  sha: row.sha,
  requestedBy: row.requestedBy,
  requestedByOwner: row.owner,
  requestedAt: row.requestedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
})

/** The queue of one surface. `waiting`: its rows, in order. */
export function surfaceQueue(
  waiting: readonly QueuedRow[],
  surface: SurfaceBehind | null,
  { hasAlarm, now }: { readonly hasAlarm: boolean; readonly now: Date },
): SurfaceQueue {
  const [next] = waiting
  if (next === undefined || surface === null) return NO_QUEUE
  const state = queueStateOf(surface, hasAlarm, now)
  const isFree = surface.lastDeploy === null || isTerminal(surface.lastDeploy.status)
  const waitsForSource = isFree && state.stop === null && state.wait === null && next.isSourceUnknown
  return {
    waiting: waiting.map(summaryOf),
    ...state,
    wait: waitsForSource ? waitForSource(next.sourceId ?? '') : state.wait,
  }
}

/** The queue behind a surface's newest deploy. */
export async function readSurfaceQueue({ db, now }: ReadDeps, surfaceId: string): Promise<SurfaceQueue> {
  const at = now()
  const [waiting, surface] = await Promise.all([
    listWaiting(db, at, [surfaceId]),
    db.surface.findUnique({ where: { id: surfaceId }, select: behindSelect }),
  ])
  const hasAlarm = surface !== null && (await readHasAlarm(db, surface))
  return surfaceQueue(waiting, surface, { hasAlarm, now: at })
}

/** Throws `queued_unknown`. */
export async function getQueued(deps: ReadDeps, actor: Actor, id: string): Promise<QueuedView> {
  return queuedView(deps, await requireQueued(deps.db, id), actor)
}

export async function queuedView(deps: ReadDeps, row: QueuedRow, actor: Actor): Promise<QueuedView> {
  const state = queuedStateAt(row, deps.now())
  const yours = row.requestedByUserId === actor.userId
  const reach = { environment: row.environment, surfaceId: row.surfaceId }
  const { position: _, ...summary } = summaryOf(row, 0)
  return {
    ...summary,
    ...(await placeOf(deps, row, state)),
    state,
    surface: row.surface,
    reason: row.reason,
    inputs: Object.entries(storedValues.parse(row.askedInputs)).map(([name, value]) => ({ name, value })),
    checklist: row.checklist,
    end: state === 'waiting' ? null : endOfQueued(row),
    replacedById: row.replacedById,
    replacesId: await findReplaced(deps.db, row.id),
    deployId: row.deployId,
    yours,
    withdrawable: state === 'waiting' && (yours || may(actor, 'deploy.approve')) && reaches(actor, reach),
  }
}

/** An expiry counts from its time on, also before the worker records it. */
export const endOfQueued = ({ endedBy, endedAt, endReason, expiresAt }: QueuedRow): NonNullable<QueuedView['end']> => ({
  by: endedBy ?? 'console',
  at: (endedAt ?? expiresAt).toISOString(),
  reason: endReason,
})

/** Who is ahead. Nobody, once the request does not wait any more. */
async function placeOf(
  { db, now }: ReadDeps,
  row: QueuedRow,
  state: QueuedState,
): Promise<Pick<QueuedView, 'position' | 'ahead' | 'deployAhead' | 'stop' | 'wait' | 'continueAfter'>> {
  if (state !== 'waiting') {
    return { position: null, ahead: [], deployAhead: null, stop: null, wait: null, continueAfter: null }
  }
  const lastDeploy = { select: { ...aheadSelect, requestedBy: true, ref: true } } as const
  const at = now()
  const [waiting, surface] = await Promise.all([
    listWaiting(db, at, [row.surfaceId]),
    db.surface.findUnique({ where: { id: row.surfaceId }, select: { ...behindSelect, lastDeploy } }),
  ])
  const newest = surface?.lastDeploy ?? null
  const isAhead = newest !== null && (!isTerminal(newest.status) || newest.holdsSurface)
  const hasAlarm = surface !== null && (await readHasAlarm(db, surface))
  const queue = surfaceQueue(waiting, surface, { hasAlarm, now: at })
  const index = waiting.findIndex(({ id }) => id === row.id)
  return {
    position: index === -1 ? null : index + 1,
    ahead: index === -1 ? [] : queue.waiting.slice(0, index),
    deployAhead: isAhead ? { id: newest.id, requestedBy: newest.requestedBy, ref: newest.ref } : null,
    stop: queue.stop,
    wait: queue.wait,
    continueAfter: queue.continueAfter,
  }
}

/** The part of the payload that every audit row about a queued request shares. */
export const queuedFacts = (
  row: Pick<QueuedRow, 'id' | 'kind' | 'ref' | 'sha' | 'requestedBy' | 'requestedByUserId'>,
) => ({
  queued_id: row.id,
  kind: row.kind,
  ref: row.ref,
  sha: row.sha,
  requested_by: row.requestedBy,
  ...tokenOwner({ name: row.requestedBy, userId: row.requestedByUserId }),
})
