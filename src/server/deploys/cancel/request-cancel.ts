import 'server-only'
import { isDeepStrictEqual } from 'node:util'
import { isTerminal } from '~/domain/deploy/status'
import { appendAuditEvent, tokenOwner } from '~/server/audit/append-audit'
import { findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { type CancelOutcome, cancelRun } from '~/server/github/cancel-run'
import type { DatabaseHandle } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'

interface RunningDeploy {
  readonly id: string
  readonly surfaceId: string
  readonly repository: string
}

/** Asks GitHub to cancel a deploy's run and records the answer. The deploy itself ends only by GitHub's record. */
export async function requestCancel(
  deps: Pick<Deps, 'db' | 'github' | 'now' | 'logger'>,
  deploy: RunningDeploy,
  runId: bigint,
): Promise<CancelOutcome> {
  const outcome = await cancelRun(deps.github, deploy.repository, runId)
  const subject = { deployId: deploy.id, surfaceId: deploy.surfaceId, actor: 'console', at: deps.now() }
  if (outcome.kind === 'acknowledged') {
    await deps.db.$transaction((tx) => recordCancelAcknowledged(tx, subject, runId))
  }
  if (outcome.kind === 'refused') await deps.db.$transaction((tx) => recordCancelRefused(tx, subject, outcome))
  if (outcome.kind === 'later') await deps.db.$transaction((tx) => recordCancelDelayed(tx, subject, outcome))
  deps.logger.info({ deployId: deploy.id, outcome: outcome.kind }, 'cancellation answered')
  return outcome
}

interface Subject {
  readonly deployId: string
  readonly surfaceId: string
  readonly actor: string
  readonly at: Date
}

/** Records the request to cancel, by a person (`userId`) or by the console. A repetition changes nothing. */
export async function recordCancelRequest(
  tx: DatabaseHandle,
  subject: Subject,
  runId: bigint | null,
  userId?: string,
): Promise<void> {
  const { deployId, actor, at } = subject
  const { count } = await tx.deploy.updateMany({
    where: { id: deployId, cancelRequestedAt: null },
    data: { cancelRequestedAt: at, cancelRequestedBy: actor },
  })
  if (count === 0) return
  await appendAuditEvent(tx, subject, {
    action: 'console.deploy.cancel_requested',
    status: null,
    payload: {
      run_id: runId?.toString() ?? null,
      ...(userId === undefined ? {} : tokenOwner({ name: actor, userId })),
    },
  })
}

/** Records, once, that GitHub accepted the request. */
async function recordCancelAcknowledged(tx: DatabaseHandle, subject: Subject, runId: bigint): Promise<void> {
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

/** Withdraws the request that GitHub refused, so that somebody can send it again after fixing the cause. */
async function recordCancelRefused(
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

/** Records that GitHub has not accepted the request yet, which is kept and sent again. The same answer is recorded once. */
async function recordCancelDelayed(
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

/** Looks are frequent while an operator is likely to watch. After ten minutes the reconciler's pass is enough. */
const PACES = [
  { forMs: 60_000, everyMs: 2_000 },
  { forMs: 10 * 60_000, everyMs: 10_000 },
] as const

/** Queues the next look at a deploy with a requested cancellation, until the deploy has ended. */
export async function scheduleCancelFollowUp(deps: Pick<Deps, 'db' | 'now'>, deployId: string): Promise<void> {
  const deploy = await findDeploy(deps.db, deployId)
  if (deploy === null || deploy.cancelRequestedAt === null || isTerminal(deploy.status)) return
  const now = deps.now().getTime()
  const since = now - deploy.cancelRequestedAt.getTime()
  const pace = PACES.find(({ forMs }) => since < forMs)
  if (pace === undefined) return
  const runAt = new Date(now + pace.everyMs)
  await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId } }, { runAt })
}
