import 'server-only'
import type { Statements } from '~/server/db/statements'

/**
 * Records that a `webhook-id` is being processed. False when it was before: a replay. The id is unique across all
 * deploys, so a captured callback cannot be replayed against another deploy's address either.
 */
export async function recordReceipt(
  tx: Statements,
  receipt: {
    readonly webhookId: string
    readonly deployId: string
    readonly status: string
    readonly outcome: 'applied' | 'repeated' | 'refused'
    readonly receivedAt: Date
  },
): Promise<boolean> {
  const { webhookId, deployId, status, outcome, receivedAt } = receipt
  const written = await tx.$executeRaw`
    INSERT INTO "callback_receipts" ("webhook_id", "deploy_id", "status", "outcome", "received_at_utc")
    VALUES (${webhookId}, ${deployId}::uuid, ${status}, ${outcome}, ${receivedAt}) ON CONFLICT DO NOTHING`
  return written > 0
}
