import 'server-only'
import { isDeepStrictEqual } from 'node:util'
import { appendAuditEvent, tokenOwner } from '~/server/audit/append-audit'
import type { DatabaseHandle } from '~/server/platform/database'

interface Subject {
  readonly deployId: string
  readonly surfaceId: string
  readonly actor: string
  readonly at: Date
}

/** Records that somebody wants the deploy to end. False when that was asked before. */
export async function recordCancelRequest(
  tx: DatabaseHandle,
  subject: Subject & { readonly userId: string },
  runId: bigint | null,
) {
  const { count } = await tx.deploy.updateMany({
    where: { id: subject.deployId, cancelRequestedAt: null },
    data: { cancelRequestedAt: subject.at, cancelRequestedBy: subject.actor },
  })
  if (count === 0) return false
  const owner = tokenOwner({ name: subject.actor, userId: subject.userId })
  await appendAuditEvent(tx, subject, {
    action: 'console.deploy.cancel_requested',
    status: null,
    payload: { run_id: runId?.toString() ?? null, ...owner },
  })
  return true
}

/** Records, once, that GitHub took the request. */
export async function recordCancelAcknowledged(tx: DatabaseHandle, subject: Subject, runId: bigint): Promise<void> {
  const { count } = await tx.deploy.updateMany({
    where: { id: subject.deployId, cancelRequestedAt: { not: null }, cancelAcknowledgedAt: null },
    data: { cancelAcknowledgedAt: subject.at },
  })
  if (count === 0) return
  await appendAuditEvent(tx, subject, {
    action: 'console.deploy.cancel_acknowledged',
    status: null,
    payload: { run_id: runId.toString() },
  })
}

/** GitHub will not: the request is taken back, so that it can be made again when the cause is mended. */
export async function recordCancelRefused(
  tx: DatabaseHandle,
  subject: Subject,
  refusal: { readonly httpStatus: number; readonly reason: string },
): Promise<void> {
  const { count } = await tx.deploy.updateMany({
    where: { id: subject.deployId, cancelRequestedAt: { not: null }, cancelAcknowledgedAt: null },
    data: { cancelRequestedAt: null, cancelRequestedBy: null },
  })
  if (count === 0) return
  await appendAuditEvent(tx, subject, {
    action: 'console.deploy.cancel_refused',
    status: null,
    payload: { http_status: refusal.httpStatus, reason: refusal.reason },
  })
}

/** GitHub has not taken the request, which is kept and sent again. Recorded once, however often GitHub says the same. */
export async function recordCancelDelayed(
  tx: DatabaseHandle,
  subject: Subject,
  delay: { readonly until: Date | null; readonly reason: string },
): Promise<void> {
  const open = { id: subject.deployId, cancelRequestedAt: { not: null }, cancelAcknowledgedAt: null }
  if ((await tx.deploy.count({ where: open })) === 0) return
  const last = await tx.auditEvent.findFirst({
    where: { deployId: subject.deployId, action: { startsWith: 'console.deploy.cancel_' } },
    orderBy: { id: 'desc' },
    select: { action: true, payload: true },
  })
  const payload = { until: delay.until?.toISOString() ?? null, reason: delay.reason }
  if (last?.action === 'console.deploy.cancel_delayed' && isDeepStrictEqual(last.payload, payload)) return
  await appendAuditEvent(tx, subject, {
    action: 'console.deploy.cancel_delayed',
    status: null,
    payload,
  })
}
