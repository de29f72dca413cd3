import 'server-only'
import { accountIssuer } from '~/server/auth/providers/account-key'
import { bindAccountsToIssuer } from '~/server/auth/providers/accounts.sql'
import type { Deps } from '~/server/deps'

type Binding = Pick<Deps, 'db' | 'now' | 'config'>

/**
 * Accounts from before issuers were kept belong to the issuer that is configured now. A server does it at its start, and
 * again before it looks an account up, for a replica of the version before may have made one meanwhile.
 */
export async function bindAccounts({ db, now, config }: Binding): Promise<void> {
  for (const provider of ['github', 'oidc']) {
    const issuer = accountIssuer(config, provider)
    if (issuer !== null) await bindAccountsToIssuer(db, { provider, issuer, at: now() })
  }
}

/** Never throws: what is not done now is done before somebody signs in. */
export async function bindAccountsAtStart(deps: Binding & Pick<Deps, 'logger'>): Promise<void> {
  try {
    await bindAccounts(deps)
  } catch (error) {
    deps.logger.warn(
      { err: error },
      'accounts of providers are not bound to their issuer yet; the next sign-in does it',
    )
  }
}
