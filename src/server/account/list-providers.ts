import 'server-only'
import type { ProviderView } from '~/domain/account'
import type { Deps } from '~/server/deps'

/** Those that are configured, and no others: a button that cannot work is not there. */
export function listProviders({ config }: Pick<Deps, 'config'>): readonly ProviderView[] {
  const { github, oidc } = config.providers
  return [
    ...(github === undefined ? [] : [{ id: 'github', name: 'GitHub' }]),
    ...(oidc === undefined ? [] : [{ id: 'oidc', name: oidc.name }]),
  ]
}
