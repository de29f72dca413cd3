import 'server-only'
import type { DatabaseHandle } from '~/server/platform/database'

/** Violated by a `webhook-id` that was processed before. */
export const ONE_RECEIPT_PER_WEBHOOK_ID = 'callback_receipts_pkey'

/**
 * Records that a `webhook-id` is being processed. The id is unique across all deploys, so a captured callback cannot be
 * replayed against another deploy's address either.
 */
export async function insertReceipt(
  tx: DatabaseHandle,
  receipt: {
    readonly webhookId: string
    readonly deployId: string
    readonly status: string
    readonly outcome: 'applied' | 'repeated' | 'refused'
    readonly receivedAt: Date
  },
): Promise<void> {
  // `createMany` could leave a replay out, but Prisma compiles it anew each time (docs/performance.md).
  await tx.callbackReceipt.create({ data: receipt, select: { webhookId: true } })
}
