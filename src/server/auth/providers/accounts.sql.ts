import 'server-only'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { Database } from '~/server/platform/database'

/** Accounts of a provider that were made before issuers were kept. Each replica may do it at once: each row is changed once. */
export function bindAccountsToIssuer(
  db: Database,
  { provider, issuer, at }: { readonly provider: string; readonly issuer: string; readonly at: Date },
): Promise<void> {
  return db.$transaction(async (tx) => {
    const accounts = await tx.$executeRaw`
      UPDATE accounts AS unbound SET issuer = ${issuer}, account_id = ${issuer} || ' ' || account_id
      WHERE provider_id = ${provider} AND issuer IS NULL AND NOT EXISTS (
        SELECT 1 FROM accounts WHERE provider_id = ${provider} AND account_id = ${issuer} || ' ' || unbound.account_id)`
    if (accounts === 0) return
    const payload = { provider, issuer, accounts }
    await appendAuditEvent(
      tx,
      { actor: 'console', at },
      { action: 'console.account.issuer_bound', status: null, payload },
    )
  })
}
