import 'server-only'
import type { AccountChange } from '~/domain/audit-event'
import { appendAuditEvent } from '~/server/db/audit'
import type { Database } from '~/server/db/client'
import { forgetAttempts } from '~/server/db/sign-in-attempts'

/** `digest`: of the address whose right password was given; its wrong ones are forgotten. `change`: null when only that. */
export async function recordAccountChange(
  db: Database,
  made: {
    readonly actor: string
    readonly at: Date
    readonly change: AccountChange | null
    readonly digest: string | null
  },
): Promise<void> {
  const { actor, at, change, digest } = made
  await db.$transaction(async (tx) => {
    if (digest !== null) await forgetAttempts(tx, digest, at)
    if (change === null) return
    await appendAuditEvent(tx, { actor, at }, { action: 'console.account.changed', status: null, payload: { change } })
  })
}
