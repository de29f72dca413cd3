import 'server-only'
import type { Actor } from '~/domain/actor'
import { type AskedValues, storedValues } from '~/domain/deploy/asked-inputs'
import { QUEUE_LENGTH, QUEUE_MINUTES, QUEUED_BY_ONE, type QueuedState, type QueuedView } from '~/domain/deploy/queue'
import type { DispatchInput } from '~/domain/deploy/request'
import { isTerminal } from '~/domain/deploy/status'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { type Admitted, admitRequest, requireSameRunning } from '~/server/deploys/admit/admit-request'
import { kindOf } from '~/server/deploys/admit/check-source'
import { requireCurrentRights } from '~/server/deploys/admit/current-rights'
import { requireNotFrozen } from '~/server/deploys/admit/insert-deploy'
import {
  digestRequest,
  idempotencyMismatch,
  type RequestedSurface,
  requestKey,
} from '~/server/deploys/admit/read-request'
import type { Deps } from '~/server/deps'
import { freezesInForce } from '~/server/freezes/freezes-in-force'
import { type DatabaseHandle, violatedUniqueIndex } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'
import { lockQueue } from '~/server/platform/locks.sql'
import { expire } from '~/server/queue/leave-queue'
import {
  endQueued,
  findQueuedByKey,
  insertQueued,
  listOverdue,
  listWaiting,
  type QueuedRow,
} from '~/server/queue/queued-requests'
import { queuedFacts, queuedView } from '~/server/queue/queued-view'

/** Whether a request has to queue: a deploy of the surface is under way, or others wait already. A held surface has no queue of its own. */
export async function mustQueue({ db, now }: Pick<Deps, 'db' | 'now'>, surfaceId: string): Promise<boolean> {
  const lastDeploy = { select: { status: true } }
  const [surface, waiting] = await Promise.all([
    db.surface.findUnique({ where: { id: surfaceId }, select: { lastDeploy } }),
    db.queuedRequest.count({
      where: { surfaceId, state: 'waiting' satisfies QueuedState, expiresAt: { gt: now() } },
    }),
  ])
  const newest = surface?.lastDeploy ?? null
  return waiting > 0 || (newest !== null && !isTerminal(newest.status))
}

/**
 * Queues a request that has passed every check of a dispatch but the one whether the surface is free. The requester's own
 * waiting request of the same ref, kind and inputs is replaced.
 *
 * @throws AppError as `admitRequest` does, and `approval_required`, `queue_refused`, `surface_locked`, `frozen`, `running_changed`
 */
export async function joinQueue(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  requested: RequestedSurface | null,
): Promise<QueuedView> {
  if (requested !== null) requireQueue(requested, input)
  const admitted = await admitRequest(deps, actor, input, requested)
  try {
    return await queuedView(deps, await storeQueued(deps, actor, input, admitted), actor)
  } catch (error) {
    if (violatedUniqueIndex(error) === null) throw error
    const key = { requestedBy: actor.name, idempotencyKey: requestKey(actor, input.idempotencyKey) }
    const earlier = await findQueuedByKey(deps.db, key)
    if (earlier === null) throw error
    return answerQueued(deps, actor, input, earlier)
  }
}

/** The answer to a repetition: what became of the request. */
export function answerQueued(
  deps: Pick<Deps, 'db' | 'now'>,
  actor: Actor,
  input: DispatchInput,
  earlier: QueuedRow,
): Promise<QueuedView> {
  if (earlier.requestDigest === digestRequest(input)) return queuedView(deps, earlier, actor)
  const { code, message } = idempotencyMismatch
  throw new AppError(code, message, { details: { queued_id: earlier.id } })
}

function requireQueue({ name, requiresApproval }: RequestedSurface, { overrideFreeze }: DispatchInput): void {
  if (requiresApproval) {
    throw new AppError(
      'approval_required',
      `${inSentence(name)} requires another person’s approval, so it has no queue. Nothing was queued. Request an approval instead.`,
    )
  }
  if (overrideFreeze === undefined) return
  throw new AppError(
    'queue_refused',
    `An override covers only the freezes in force now. Others may be in force when a queued request has its turn. Nothing was queued. Deploy ${inSentence(name)} when it is free.`,
  )
}

function storeQueued(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  { surface, resolved, workflowRef, inputs, checklist, isRollback }: Admitted,
): Promise<QueuedRow> {
  const at = deps.now()
  const id = deps.newId()
  return deps.db.$transaction(async (tx) => {
    await lockQueue(tx, surface.id)
    await requireCurrentRights(tx, actor, { needs: ['deploy.dispatch'], surface, at })
    await requireSameRunning(tx, surface, input.reviewedRunningSha)
    const freezes = await freezesInForce(tx, surface, at)
    requireNotFrozen({
      surface,
      freezes,
      override: null,
      // As at the turn: no lock lets its holder pass.
      asker: { name: actor.name, userId: null, isRollback },
    })
    for (const row of await listOverdue(tx, at, surface.id)) await expire(tx, row, at)
    const same = { ...kindOf(input.source), ref: resolved.ref, userId: actor.userId, inputs: inputs.asked }
    const replaced = await replaceOwn(tx, same, { id, surface, by: actor.name, at })
    const row = await insertQueued(tx, {
      id,
      surfaceId: surface.id,
      environment: surface.environment,
      ...kindOf(input.source),
      ref: resolved.ref,
      sha: resolved.sha,
      askedInputs: inputs.asked,
      checklist,
      reason: input.reason || null,
      confirmation: input.confirmation,
      declaration: surface.declaration,
      workflowRef,
      workflowFile: input.basis?.workflowFile ?? inputs.workflowFile,
      requestedBy: actor.name,
      requestedByUserId: actor.userId,
      requestedByTokenId: actor.tokenId ?? null,
      requestedSessionId: actor.sessionId ?? null,
      requestedVia: actor.via,
      provedAt: actor.provedAt,
      requestedAt: at,
      expiresAt: new Date(at.getTime() + QUEUE_MINUTES * 60_000),
      idempotencyKey: requestKey(actor, input.idempotencyKey),
      requestDigest: digestRequest(input),
    })
    const subject = { actor: actor.name, at, surfaceId: surface.id }
    await appendAuditEvent(tx, subject, {
      action: 'console.queue.requested',
      status: null,
      payload: {
        ...queuedFacts(row),
        reason: row.reason,
        ...(checklist.length === 0 ? {} : { checklist }),
        ...(Object.keys(inputs.asked).length === 0 ? {} : { inputs: inputs.asked }),
        ...(replaced === null ? {} : { replaces: replaced.id }),
        expires_at: row.expiresAt.toISOString(),
      },
    })
    // The deploy ahead may have ended while this request was checked.
    await addJob(tx, { task: 'take_turn', payload: { surfaceId: surface.id } })
    return row
  })
}

/**
 * Ends the person's own waiting request of the same ref, kind and inputs, if there is one. Throws `queue_refused` if there is none, and the queue
 * is full, or the person has enough requests in it.
 */
async function replaceOwn(
  tx: DatabaseHandle,
  same: Pick<QueuedRow, 'kind' | 'sourceId' | 'ref'> & { readonly userId: string; readonly inputs: AskedValues },
  request: { readonly id: string; readonly surface: RequestedSurface; readonly by: string; readonly at: Date },
): Promise<QueuedRow | null> {
  const { id, surface, by, at } = request
  const waiting = await listWaiting(tx, at, [surface.id])
  const own = waiting.filter(({ requestedByUserId }) => requestedByUserId === same.userId)
  const older = own.find(
    ({ kind, sourceId, ref, askedInputs }) =>
      kind === same.kind && sourceId === same.sourceId && ref === same.ref && hasSameInputs(askedInputs, same.inputs),
  )
  if (older === undefined) {
    if (own.length >= QUEUED_BY_ONE)
      throw full(`${QUEUED_BY_ONE} of your requests wait`, surface, 'Withdraw one first.')
    if (waiting.length < QUEUE_LENGTH) return null
    throw full(`${QUEUE_LENGTH} requests wait`, surface, 'Try again when fewer wait.')
  }
  if (!(await endQueued(tx, older.id, { state: 'replaced', byId: id }, { by, at }))) return null
  await appendAuditEvent(
    tx,
    { actor: by, at, surfaceId: surface.id },
    { action: 'console.queue.replaced', status: null, payload: { ...queuedFacts(older), replaced_by: id } },
  )
  return older
}

const full = (what: string, { name }: RequestedSurface, next: string) =>
  new AppError('queue_refused', `${what} for ${inSentence(name)} already. Nothing was queued. ${next}`)

function hasSameInputs(stored: QueuedRow['askedInputs'], inputs: AskedValues): boolean {
  const sorted = (values: AskedValues) =>
    JSON.stringify(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return sorted(storedValues.parse(stored)) === sorted(inputs)
}
