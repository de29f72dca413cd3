import 'server-only'
import type { Actor } from '~/domain/actor'
import { storedValues } from '~/domain/deploy/asked-inputs'
import type { DispatchInput } from '~/domain/deploy/request'
import { isTerminal } from '~/domain/deploy/status'
import { AppError, ERROR_CODES } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { sourceOf } from '~/server/deploys/admit/check-source'
import { hasRightsNow, readRights } from '~/server/deploys/admit/current-rights'
import { NotNewest } from '~/server/deploys/admit/insert-deploy'
import { sentKey } from '~/server/deploys/admit/read-request'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import {
  behindSelect,
  endQueued,
  listWaiting,
  type QueuedRow,
  queueStateOf,
  readHasAlarm,
  type SurfaceBehind,
} from '~/server/queue/queued-requests'
import { queuedFacts } from '~/server/queue/queued-view'

/**
 * Dispatches the request that waits first, if the surface is free and the queue has not stopped. A refused request ends, and the next one has
 * its turn. Any number of processes may do this at once: the transaction of the intent ends the request too.
 *
 * @throws an error that says nothing about the request, such as GitHub not answering. The request then waits on
 */
export async function takeTurn(deps: Deps, surfaceId: string): Promise<void> {
  for (;;) {
    const [first] = await listWaiting(deps.db, deps.now(), [surfaceId])
    if (first === undefined) return
    const surface = await deps.db.surface.findUniqueOrThrow({ where: { id: surfaceId }, select: behindSelect })
    if (!(await isTurn(deps.db, surface, deps.now()))) return
    if ((await dispatchQueued(deps, first, surface.lastDeployId)) === 'waits') return
  }
}

async function isTurn(db: DatabaseHandle, surface: SurfaceBehind, now: Date): Promise<boolean> {
  if (surface.lastDeploy !== null && !isTerminal(surface.lastDeploy.status)) return false
  const { stop, wait } = queueStateOf(surface, await readHasAlarm(db, surface), now)
  return stop === null && wait === null
}

/** Another worker took the request, its requester withdrew it, or the surface is not as it was when the turn came. */
class TurnLost extends Error {}

/** `waits`: the surface is not free after all. Otherwise the request has ended, or is not the first any more. */
async function dispatchQueued(deps: Deps, row: QueuedRow, after: string | null): Promise<'waits' | 'next'> {
  const obstacle = await findObstacle(deps.db, row, deps.now())
  if (obstacle === 'waits') return 'waits'
  if (obstacle !== null) {
    await refuse(deps, row, obstacle, 'permission_refused')
    return 'next'
  }
  const actor = await requesterNow(deps, row)
  try {
    const { id } = await dispatchDeploy(deps, actor, requestOf(row, actor), undefined, {
      turn: {
        requestDigest: row.requestDigest,
        after,
        check: (tx) => recheck(tx, deps, row, after),
        commit: (tx, deployId) => claim(tx, deps, row, deployId),
      },
    })
    const own = await deps.db.queuedRequest.findUnique({ where: { id: row.id }, select: { state: true } })
    // The same request was sent again without the queue, and was dispatched before it was queued.
    if (own?.state === 'waiting') await refuse(deps, row, `Its deploy already exists: ${id}.`, 'idempotency_mismatch')
    return 'next'
  } catch (error) {
    if (error instanceof TurnLost || error instanceof NotNewest) return 'next'
    if (!(error instanceof AppError)) throw error
    if (error.code === 'surface_busy') return 'waits'
    if (ERROR_CODES[error.code].http >= 500 || error.code === 'rate_limited') throw error
    await refuse(deps, row, error.message, error.code)
    return 'next'
  }
}

/** Why the request is refused before it is checked, as sentences; `waits` if it is not known yet what it would promote. */
async function findObstacle(db: DatabaseHandle, row: QueuedRow, at: Date): Promise<string | null> {
  const { requestedBy, requestedSessionId: sessionId, surface } = row
  const by = inSentence(requestedBy)
  const who = { userId: row.requestedByUserId, tokenId: row.requestedByTokenId }
  if (!(await hasRightsNow(db, who, { needs: ['deploy.dispatch'], surface, at }))) {
    return `When its turn came, ${by} could no longer deploy ${inSentence(surface.name)}. Nothing was deployed. Ask an admin for access.`
  }
  const session =
    sessionId === null ? null : await db.session.findUnique({ where: { id: sessionId }, select: { id: true } })
  if (sessionId !== null && session === null) {
    return `When its turn came, ${by} had ended the session in which it was queued. Nothing was deployed. Sign in and request the deploy again.`
  }
  if (row.kind !== 'promotion' || row.sourceId === null) return null
  const from = await db.surface.findUnique({
    where: { id: row.sourceId },
    select: { archivedAt: true, runningSha: true },
  })
  return from !== null && from.archivedAt === null && from.runningSha === null ? 'waits' : null
}

/** The requester with the rights they have now. A requester without access has none, so the request is refused. */
async function requesterNow({ db, now }: Deps, row: QueuedRow): Promise<Actor> {
  const who = { userId: row.requestedByUserId, tokenId: row.requestedByTokenId }
  const rights = await readRights(db, who, now())
  const via = VIAS.find((known) => known === row.requestedVia) ?? 'session'
  return {
    ...(rights ?? { role: 'viewer', environments: null, permissions: [], surfaces: null }),
    name: row.requestedBy,
    userId: row.requestedByUserId,
    via,
    provedAt: row.provedAt,
    queuedAt: row.requestedAt,
    ...(row.requestedByTokenId === null ? {} : { tokenId: row.requestedByTokenId }),
  }
}

const VIAS = ['session', 'token', 'command_line'] as const satisfies readonly Actor['via'][]

/**
 * The request as it was sent, bound to its commit and to what it was reviewed against. What the surface runs is left out: the deploys ahead were to change it.
 */
function requestOf(row: QueuedRow, actor: Actor): DispatchInput {
  return {
    surfaceId: row.surfaceId,
    ref: row.ref,
    confirmation: row.confirmation,
    reason: row.reason ?? undefined,
    expectedSha: row.sha,
    basis: { declaration: row.declaration, workflowRef: row.workflowRef, workflowFile: row.workflowFile },
    inputs: storedValues.parse(row.askedInputs),
    checklist: row.checklist,
    idempotencyKey: sentKey(actor, row.idempotencyKey),
    source: sourceOf(row.kind, row.sourceId),
  }
}

/**
 * In the transaction of the intent, before its insert, which disarms the watch of the deploy ahead. The row lock waits for a watch that is turning.
 */
async function recheck(
  tx: DatabaseHandle,
  deps: Pick<Deps, 'now'>,
  row: QueuedRow,
  after: string | null,
): Promise<void> {
  if (after !== null) await lockDeploy(tx, after)
  const surface = await tx.surface.findUniqueOrThrow({ where: { id: row.surfaceId }, select: behindSelect })
  if ((await findObstacle(tx, row, deps.now())) !== null) throw new TurnLost()
  if (surface.lastDeployId !== after || !(await isTurn(tx, surface, deps.now()))) throw new TurnLost()
}

/** In the transaction of the intent, after its insert: from then on no other deploy of the surface can start. */
async function claim(tx: DatabaseHandle, deps: Pick<Deps, 'now'>, row: QueuedRow, deployId: string): Promise<void> {
  const at = deps.now()
  if (!(await endQueued(tx, row.id, { state: 'deployed', deployId }, { by: 'console', at }))) throw new TurnLost()
  await appendAuditEvent(
    tx,
    { actor: 'console', at, surfaceId: row.surfaceId, deployId },
    {
      action: 'console.queue.taken',
      status: null,
      payload: { ...queuedFacts(row), waited_seconds: Math.round((at.getTime() - row.requestedAt.getTime()) / 1_000) },
    },
  )
}

async function refuse(deps: Deps, row: QueuedRow, reason: string, code: string): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    if (!(await endQueued(tx, row.id, { state: 'refused', reason }, { by: 'console', at }))) return
    await appendAuditEvent(
      tx,
      { actor: 'console', at, surfaceId: row.surfaceId },
      { action: 'console.queue.refused', status: null, payload: { ...queuedFacts(row), code, reason } },
    )
  })
  deps.logger.info({ surfaceId: row.surfaceId, queuedId: row.id, code }, 'a queued request was refused at its turn')
}
