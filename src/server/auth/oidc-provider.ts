import 'server-only'
import type { GenericOAuthConfig } from 'better-auth/plugins/generic-oauth'
import { PROOF_LASTS_MINUTES } from '~/domain/fresh-proof'
import type { ProviderSettings } from '~/server/provider-settings'

/** Any OpenID provider, by what it publishes about itself. Its ID token is verified: signature, issuer, audience, nonce. */
export function oidcProvider(settings: NonNullable<ProviderSettings['oidc']>): GenericOAuthConfig {
  const { issuer, name, clientId, clientSecret } = settings
  return {
    providerId: 'oidc',
    name,
    clientId,
    clientSecret,
    discoveryUrl: `${issuer}/.well-known/openid-configuration`,
    requireIdTokenVerification: true,
    scopes: ['openid', 'profile', 'email'],
    pkce: true,
    // A new session counts as a proof of who it is, so the provider's own must not be older than one may be.
    authorizationUrlParams: { max_age: String(PROOF_LASTS_MINUTES * 60) },
    accountSubject: ({ profile }) => String(profile['sub'] ?? ''),
    // `true` and nothing that looks like it.
    mapProfileToUser: (profile) => ({ emailVerified: profile['email_verified'] === true }),
  }
}
