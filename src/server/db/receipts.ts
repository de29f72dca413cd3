import 'server-only'
import type { DatabaseHandle } from '~/server/db/client'

/**
 * Records that a `webhook-id` is being processed. False when it was before: a replay. The id is unique across all
 * deploys, so a captured callback cannot be replayed against another deploy's address either.
 */
export async function recordReceipt(
  tx: DatabaseHandle,
  receipt: {
    readonly webhookId: string
    readonly deployId: string
    readonly status: string
    readonly outcome: 'applied' | 'repeated' | 'refused'
    readonly receivedAt: Date
  },
): Promise<boolean> {
  const { count } = await tx.callbackReceipt.createMany({ data: [receipt], skipDuplicates: true })
  return count > 0
}
