import 'server-only'
import { accountIssuer } from '~/server/auth/providers/account-key'
import { recordAccountChange } from '~/server/auth/sign-in/account-changes'
import type { Deps } from '~/server/deps'
import { readAddress } from '~/server/members/members'

/** A provider's tokens are used to find out who it is, and then have no use: what is not kept cannot be stolen. */
const NO_TOKENS = { accessToken: null, refreshToken: null, idToken: null }

export async function withoutTokens() {
  return { data: NO_TOKENS }
}

export function connectedAccount({ config }: Pick<Deps, 'config'>) {
  return async ({ providerId }: { readonly providerId: string }) => ({
    data: { ...NO_TOKENS, issuer: accountIssuer(config, providerId) },
  })
}

export function recordConnection(deps: Pick<Deps, 'db' | 'now'>) {
  return async (account: { readonly providerId: string; readonly userId: string }): Promise<void> => {
    if (account.providerId === 'credential') return
    const actor = await readAddress(deps.db, account.userId)
    await recordAccountChange(deps.db, { actor, at: deps.now(), change: 'provider connected', digest: null })
  }
}
