import 'server-only'
import type { AuditEvent } from '~/domain/audit/event'
import { CONFIGURED_CHANNEL, type DeliveryEvent, LAST_ERROR_LENGTH } from '~/domain/delivery'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { Database, DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'
import { addJob } from '~/server/platform/jobs.sql'

/** Queues one delivery per enabled channel, in the transaction that ends the deploy, or in which its surface turns unhealthy. */
export async function queueDeliveries(
  tx: DatabaseHandle,
  deployId: string,
  at: Date,
  event: DeliveryEvent = 'ended',
): Promise<void> {
  const channels = await tx.deliveryChannel.findMany({
    where: { disabledAt: null, removedAt: null },
    select: { id: true },
  })
  const times = { nextTryAt: at, createdAt: at, updatedAt: at }
  const queued = await tx.delivery.createManyAndReturn({
    data: channels.map(({ id: channelId }) => ({ channelId, deployId, event, state: 'waiting', ...times })),
    // Somebody may have reopened the deploy by hand in the database. The first delivery stays the only one.
    skipDuplicates: true,
    select: { id: true },
  })
  for (const { id } of queued) await queueDelivery(tx, { id, event })
}

/** A delivery, and what it is about. */
type Queued = Pick<DeliveryRow, 'id' | 'event'>

function queueDelivery(tx: DatabaseHandle, { id: deliveryId, event }: Queued, runAt?: Date): Promise<void> {
  const task = event === 'unhealthy' ? 'deliver_unhealthy' : 'deliver'
  return addJob(tx, { task, payload: { deliveryId } }, runAt === undefined ? {} : { runAt })
}

/** Takes over an outcome that an older version queued in its own outbox. An outcome that it began to send is not sent again. */
export async function adoptOutcome(db: Database, deployId: string, at: Date): Promise<void> {
  await db.$transaction(async (tx) => {
    const setState = (state: string, to: string) =>
      tx.outcomeNotification.updateMany({ where: { deployId, state }, data: { state: to, updatedAt: at } })
    if ((await setState('waiting', 'nobody')).count > 0) return queueDeliveries(tx, deployId, at)
    if ((await setState('sending', 'unknown')).count === 0) return
    const row = { channelId: CONFIGURED_CHANNEL, deployId, state: 'sending', attempts: 1, createdAt: at, updatedAt: at }
    await queueDelivery(tx, await tx.delivery.create({ data: row }))
  })
}

const deliverySelect = {
  id: true,
  attempts: true,
  state: true,
  deployId: true,
  event: true,
  createdAt: true,
  channel: { select: { id: true, kind: true, name: true, sealed: true, disabledAt: true, removedAt: true } },
} satisfies Prisma.DeliverySelect

export type DeliveryRow = Prisma.DeliveryGetPayload<{ select: typeof deliverySelect }>

export const findDelivery = (db: DatabaseHandle, id: string): Promise<DeliveryRow | null> =>
  db.delivery.findUnique({ where: { id }, select: deliverySelect })

/** Claims a delivery for one attempt. False when another worker claimed it, or it is settled. */
export async function claimDelivery(
  db: DatabaseHandle,
  { id, state, attempts }: DeliveryRow,
  at: Date,
): Promise<boolean> {
  const data = { state: 'sending', attempts: attempts + 1, nextTryAt: null, updatedAt: at }
  return (await db.delivery.updateMany({ where: { id, state, attempts }, data })).count > 0
}

/** The result of one attempt. */
export interface Attempt {
  readonly status: number | null
  readonly error: string | null
}

const attemptColumns = ({ status, error }: Attempt) => ({
  lastStatus: status,
  lastError: error?.slice(0, LAST_ERROR_LENGTH) ?? null,
})

/** Records a failed attempt and queues the next one. */
export async function postponeDelivery(
  db: Database,
  { id, event }: Queued,
  at: Date,
  nextTryAt: Date,
  attempt: Attempt,
): Promise<void> {
  await db.$transaction(async (tx) => {
    const data = { state: 'waiting', nextTryAt, updatedAt: at, ...attemptColumns(attempt) }
    const { count } = await tx.delivery.updateMany({ where: { id, state: 'sending' }, data })
    if (count > 0) await queueDelivery(tx, { id, event }, nextTryAt)
  })
}

/** Ends a delivery whose channel is gone or disabled. */
export async function dropDelivery(db: DatabaseHandle, id: string, at: Date, why: string): Promise<void> {
  await db.delivery.updateMany({
    where: { id, state: { in: ['waiting', 'sending'] } },
    data: { state: 'dropped', nextTryAt: null, lastError: why, updatedAt: at },
  })
}

/** Records the end of a delivery, with an audit row on the deploy. */
export async function settleDelivery(
  db: Database,
  delivery: { readonly id: string; readonly deploy: { readonly id: string; readonly surfaceId: string } | null },
  at: Date,
  attempt: Attempt,
  event: Extract<AuditEvent, { action: 'console.notification.sent' | 'console.notification.not_sent' }>,
): Promise<void> {
  const { id, deploy } = delivery
  await db.$transaction(async (tx) => {
    const data = { state: event.payload.outcome, nextTryAt: null, updatedAt: at, ...attemptColumns(attempt) }
    const { count } = await tx.delivery.updateMany({ where: { id, state: 'sending' }, data })
    if (count === 0 || deploy === null) return
    await appendAuditEvent(tx, { actor: 'console', at, deployId: deploy.id, surfaceId: deploy.surfaceId }, event)
  })
}

export async function queueTestDelivery(tx: DatabaseHandle, channelId: string, at: Date): Promise<void> {
  const data = { channelId, state: 'waiting', nextTryAt: at, createdAt: at, updatedAt: at }
  await queueDelivery(tx, await tx.delivery.create({ data, select: { id: true, event: true } }))
}

/** Queues a settled delivery again. False while the delivery is in progress. */
export async function requeueDelivery(tx: DatabaseHandle, id: string, at: Date): Promise<boolean> {
  const [requeued] = await tx.delivery.updateManyAndReturn({
    where: { id, state: { notIn: ['waiting', 'sending'] } },
    data: { state: 'waiting', attempts: 0, nextTryAt: at, updatedAt: at },
    select: { id: true, event: true },
  })
  if (requeued !== undefined) await queueDelivery(tx, requeued)
  return requeued !== undefined
}
