import 'server-only'
import type { AccountChange } from '~/domain/audit/event'
import { deletePasskeysOf, deleteProvidersOf } from '~/server/account/accounts'
import { type AuditSubject, appendAuditEvent } from '~/server/audit/append-audit'
import { forgetStartedBy } from '~/server/auth/second-factor/verifications'
import { endSessionsOf } from '~/server/auth/sessions/sessions'
import type { DatabaseHandle } from '~/server/platform/database'
import { revokeTokensOf } from '~/server/tokens/api-tokens'
import { tokenEvent } from '~/server/tokens/token-view'

/**
 * Whoever could be in an account besides its owner is out: sessions, sign-ins that were begun, passkeys, connected providers and
 * API tokens end. The second factor stays: it is what keeps the maker of a link for a password out.
 */
export async function endOtherWaysIn(tx: DatabaseHandle, userId: string, subject: AuditSubject): Promise<void> {
  await endSessionsOf(tx, userId)
  await forgetStartedBy(tx, userId)
  const record = async (change: AccountChange, times: number) => {
    for (let done = 0; done < times; done += 1) {
      await appendAuditEvent(tx, subject, { action: 'console.account.changed', status: null, payload: { change } })
    }
  }
  await record('passkey removed', await deletePasskeysOf(tx, userId))
  await record('provider disconnected', await deleteProvidersOf(tx, userId))
  for (const token of await revokeTokensOf(tx, userId, { by: subject.actor, at: subject.at })) {
    await appendAuditEvent(tx, subject, tokenEvent('console.token.revoked', token))
  }
}
