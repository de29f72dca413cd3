import 'server-only'
import type { ProviderView } from '~/domain/account'
import { accountIssuer } from '~/server/auth/providers/accounts.sql'
import type { Deps } from '~/server/deps'

/** Those that are configured, and no others: a button that cannot work is not there. */
export function listProviders({ config }: Pick<Deps, 'config'>): readonly ProviderView[] {
  const { github, oidc } = config.providers
  return [
    ...(github === undefined ? [] : [{ id: 'github', name: 'GitHub' }]),
    ...(oidc === undefined ? [] : [{ id: 'oidc', name: oidc.name }]),
  ]
}

/** Whether an account of the person is of this provider as it is configured now: another issuer's is not. */
export const isConnected = (
  { config }: Pick<Deps, 'config'>,
  accounts: readonly { readonly providerId: string; readonly issuer: string | null }[],
  provider: string,
): boolean =>
  accounts.some(({ providerId, issuer }) => providerId === provider && issuer === accountIssuer(config, provider))
