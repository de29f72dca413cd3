import 'server-only'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'
import { gitHubWebUrl } from '~/server/github/web-urls'
import type { ServerConfig } from '~/server/platform/config'
import type { Database } from '~/server/platform/database'

/** The issuer of a provider's accounts. Null if the provider is not configured. */
export function accountIssuer(
  { providers, githubApiUrl }: Pick<ServerConfig, 'providers' | 'githubApiUrl'>,
  provider: string,
): string | null {
  if (provider === 'oidc') return providers.oidc?.issuer ?? null
  if (provider !== 'github' || providers.github === undefined) return null
  return `${gitHubWebUrl(githubApiUrl)}/login/oauth`
}

/** Only issuer and subject together identify a person (OpenID Connect Core, 5.7). An issuer is a URL, so it has no spaces. */
export const accountKey = (issuer: string, subject: string): string => `${issuer} ${subject}`

type Binding = Pick<Deps, 'db' | 'now' | 'config'>

/**
 * Binds accounts without an issuer, which older versions made, to the configured one. Called at the start, and before an account
 * is looked up, because a replica of an older version may have made one meanwhile.
 */
export async function bindAccounts({ db, now, config }: Binding): Promise<void> {
  for (const provider of ['github', 'oidc']) {
    const issuer = accountIssuer(config, provider)
    if (issuer !== null) await bindAccountsToIssuer(db, { provider, issuer, at: now() })
  }
}

/** Never throws. If binding fails here, the next sign-in repeats it. */
export async function bindAccountsAtStart(deps: Binding & Pick<Deps, 'logger'>): Promise<void> {
  try {
    await bindAccounts(deps)
  } catch (error) {
    deps.logger.warn(
      { err: error },
      'Accounts of providers are not yet bound to their issuer; the next sign-in retries',
    )
  }
}

/** Safe on several replicas: each row is changed once. */
function bindAccountsToIssuer(
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
