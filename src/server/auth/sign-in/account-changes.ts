import 'server-only'
import type { AccountChange, RefusedIdentity } from '~/domain/audit/event'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { forgetAttempts } from '~/server/auth/sign-in/sign-in-attempts.sql'
import type { Database } from '~/server/platform/database'

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

/** Somebody tried to connect a provider's account, and the console refused. */
export async function recordRefusedConnection(
  db: Database,
  refused: RefusedIdentity & { readonly actor: string; readonly at: Date; readonly provider: string },
): Promise<void> {
  const { actor, at, ...payload } = refused
  const event = { action: 'console.account.connection_refused', status: null, payload } as const
  await db.$transaction((tx) => appendAuditEvent(tx, { actor, at }, event))
}
