import 'server-only'
import type { AuditEvent } from '~/domain/audit-event'
import { appendAuditEvent } from '~/server/db/audit'
import type { Database } from '~/server/db/client'
import { addJob } from '~/server/db/jobs'
import type { Statements } from '~/server/db/statements'

/** After these attempts, spread over a few hours, nobody is told any more. */
const ATTEMPTS = 10

/** Puts the outcome of a deploy into the outbox, in the transaction that ends it. Its row is unique per deploy. */
export async function queueOutcome(tx: Statements, deployId: string, at: Date): Promise<void> {
  const count = await tx.$executeRaw`
    INSERT INTO "outcome_notifications" ("deploy_id", "state", "updated_at_utc")
    VALUES (${deployId}::uuid, 'waiting', ${at}) ON CONFLICT DO NOTHING`
  // Told before, of a deploy that somebody took back by hand in the database: no reason to refuse the change.
  if (count === 0) return
  await addJob(tx, { task: 'notify_outcome', payload: { deployId } }, { maxAttempts: ATTEMPTS })
}

/**
 * Takes the outcome of a deploy for sending. `interrupted`: an earlier attempt was cut off between its request and the
 * record of the answer. `settled`: there is nothing left to send.
 */
export async function claimOutcome(
  db: Database,
  deployId: string,
  at: Date,
): Promise<'claimed' | 'interrupted' | 'settled'> {
  const { count } = await db.outcomeNotification.updateMany({
    where: { deployId, state: 'waiting' },
    data: { state: 'sending', updatedAt: at },
  })
  if (count > 0) return 'claimed'
  const found = await db.outcomeNotification.findUnique({ where: { deployId }, select: { state: true } })
  return found?.state === 'sending' ? 'interrupted' : 'settled'
}

/** Sending certainly did not happen: the next attempt may. */
export async function returnOutcome(db: Database, deployId: string, at: Date): Promise<void> {
  await db.outcomeNotification.updateMany({
    where: { deployId, state: 'sending' },
    data: { state: 'waiting', updatedAt: at },
  })
}

/** Writes down, for good, what became of it. */
export async function settleOutcome(
  db: Database,
  deploy: { readonly id: string; readonly surfaceId: string },
  at: Date,
  event: Extract<AuditEvent, { action: 'console.notification.sent' | 'console.notification.not_sent' }>,
): Promise<void> {
  const state = event.payload.outcome
  await db.$transaction(async (tx) => {
    const { count } = await tx.outcomeNotification.updateMany({
      where: { deployId: deploy.id, state: 'sending' },
      data: { state, updatedAt: at },
    })
    if (count === 0) return
    await appendAuditEvent(tx, { actor: 'console', at, deployId: deploy.id, surfaceId: deploy.surfaceId }, event)
  })
}

/** Nobody is to be told. One statement: every deploy of a console without Slack ends here. */
export async function settleWithNobody(sql: Statements, deployId: string, at: Date): Promise<void> {
  await sql.$executeRaw`
    UPDATE "outcome_notifications" SET "state" = 'nobody', "updated_at_utc" = ${at}
    WHERE "deploy_id" = ${deployId}::uuid AND "state" IN ('waiting', 'sending')`
}
