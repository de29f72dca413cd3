import 'server-only'
import { defineRequestState, getCurrentAuthEndpointContext } from '@better-auth/core/context'
import type { OAuthProvider } from '@better-auth/core/oauth2'
import { APIError, getOAuthState } from 'better-auth/api'
import * as client from 'openid-client'
import { z } from 'zod'
import { PROOF_LASTS_MINUTES } from '~/domain/actor'
import { ERROR_CODES } from '~/domain/errors'
import { accountKey, bindAccounts } from '~/server/auth/accounts.sql'
import {
  ANSWER_SECONDS,
  boundedFetch,
  clientOf,
  describeProviderError,
  ProviderRefusal,
  refusingFailures,
} from '~/server/auth/library/providers/provider-client'
import { NEVER, providerReturn } from '~/server/auth/library/providers/provider-return'
import type { Deps } from '~/server/deps'
import type { ProviderSettings } from '~/server/platform/provider-settings'

type OpenIdSettings = NonNullable<ProviderSettings['oidc']>

const person = z.object({ email: z.string().nullish(), email_verified: z.unknown(), name: z.string().nullish() })
type Profile = z.output<typeof person> & { readonly sub: string }

const begun = z.object({ idTokenNonce: z.string() })

/** The verified claims of the ID token of the return that is being answered. */
const verifiedClaims = defineRequestState<client.IDToken | null>(() => null)

/**
 * Any OpenID provider that publishes its metadata. `openid-client` verifies the issuer of the answer (RFC 9207), and the ID
 * token's signature, algorithm, issuer, audience, times and nonce (OpenID Connect Core, 3.1.3.7).
 */
export function oidcProvider(deps: Deps, settings: OpenIdSettings): OAuthProvider<Profile> {
  const { issuer, name } = settings
  let discovered: Promise<client.Configuration> | null = null
  // A failed discovery is repeated at the next sign-in.
  const provider = () => {
    discovered ??= discover(settings).catch((error: unknown) => {
      discovered = null
      throw error
    })
    return discovered
  }
  return {
    id: 'oidc',
    name,
    requiresIdTokenNonce: true,
    accountSubject: ({ profile }) => accountKey(issuer, profile.sub),
    createAuthorizationURL: async ({ state, codeVerifier, redirectURI, idTokenNonce = '', additionalParams }) => {
      const config = await provider().catch((error: unknown) => {
        deps.logger.error(
          { provider: 'oidc', problem: describeProviderError(error) },
          'sign-in: the provider is unavailable',
        )
        const code = 'provider_unavailable'
        throw new APIError(ERROR_CODES[code].http, { code, message: unavailable(settings, error) })
      })
      return client.buildAuthorizationUrl(config, {
        redirect_uri: redirectURI,
        scope: 'openid profile email',
        state,
        nonce: idTokenNonce,
        code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        // The sign-in counts as a fresh proof, so the provider must ask the person again if its session is older than a proof may be.
        max_age: String(PROOF_LASTS_MINUTES * 60),
        ...additionalParams,
      })
    },
    validateAuthorizationCode: ({ codeVerifier = '', redirectURI }) =>
      refusingFailures(deps, 'oidc', async () => {
        const answered = await authorizationResponse(redirectURI)
        const tokens = await client.authorizationCodeGrant(await provider(), answered, {
          pkceCodeVerifier: codeVerifier,
          expectedState: answered.searchParams.get('state') ?? '',
          expectedNonce: begun.parse(await getOAuthState()).idTokenNonce,
          idTokenExpected: true,
        })
        await verifiedClaims.set(tokens.claims() ?? null)
        return { accessToken: tokens.access_token }
      }),
    getUserInfo: ({ accessToken = '' }) =>
      refusingFailures(deps, 'oidc', async () => {
        const claims = await verifiedClaims.get()
        if (claims === null) throw new ProviderRefusal('provider_answer_invalid', 'there is no verified ID token')
        const proved = { accountKey: accountKey(issuer, claims.sub), provedAt: provedAt(claims, deps.now()) }
        await providerReturn.set({ identity: { ...proved, email: '' }, refusal: null })
        const isComplete = claims['email'] !== undefined
        const said = person.parse(isComplete ? claims : await userInfoOf(await provider(), accessToken, claims.sub))
        await providerReturn.set({ identity: { ...proved, email: said.email ?? '' }, refusal: null })
        await bindAccounts(deps)
        // Only `true`, not `"true"`.
        const user = { name: said.name ?? '', email: said.email ?? null, emailVerified: said.email_verified === true }
        return { user, data: { ...said, sub: claims.sub } }
      }),
  }
}

/** The address of the return, with its parameters. The library has already compared the state. */
export async function authorizationResponse(redirectUri: string): Promise<URL> {
  const { query } = await getCurrentAuthEndpointContext()
  const url = new URL(redirectUri)
  url.search = new URLSearchParams(z.record(z.string(), z.string()).parse(query)).toString()
  return url
}

/** Throws if userinfo is about another subject (OpenID Connect Core, 5.3.2). */
async function userInfoOf(config: client.Configuration, accessToken: string, subject: string) {
  try {
    return await client.fetchUserInfo(config, accessToken, subject)
  } catch (error) {
    if (!(error instanceof client.ClientError) || error.code !== OTHER_SUBJECT) throw error
    throw new ProviderRefusal('subject_mismatch', 'userinfo is about another subject than the ID token')
  }
}

/** `openid-client`'s code for another subject. */
const OTHER_SUBJECT = 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'

/**
 * When the person last proved the identity to the provider. A provider may ignore `max_age`, so only its `auth_time` counts;
 * without `auth_time` nothing is proved (OpenID Connect Core, 3.1.3.7).
 */
function provedAt({ auth_time: seconds }: client.IDToken, now: Date): Date {
  // The provider's clock may be ahead, so the time is at most now.
  return seconds === undefined ? NEVER : new Date(Math.min(seconds * 1000, now.getTime()))
}

async function discover(settings: OpenIdSettings): Promise<client.Configuration> {
  const { issuer, clientId } = settings
  const published = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const found = await client.discovery(published, clientId, undefined, undefined, {
    timeout: ANSWER_SECONDS,
    [client.customFetch]: boundedFetch,
    execute: issuer.startsWith('http:') ? [client.allowInsecureRequests] : [],
  })
  const said = found.serverMetadata()
  if (said.issuer !== issuer) throw new OtherIssuer(said.issuer)
  const made = clientOf(said, settings)
  client.enableNonRepudiationChecks(made)
  return made
}

/** The provider's issuer differs from the configured one. A slash at the end counts (OpenID Connect Discovery, 4.3). */
class OtherIssuer extends Error {
  readonly issuer: string

  constructor(issuer: string) {
    super(`the provider names its issuer ${issuer}`)
    this.issuer = issuer
  }
}

function unavailable({ name, issuer }: OpenIdSettings, error: unknown): string {
  if (!(error instanceof OtherIssuer)) {
    return `${name} does not answer. You were not signed in. Try again, or sign in another way.`
  }
  return `${name} names its issuer ${error.issuer}, but AUTH_OIDC_ISSUER is ${issuer}. You were not signed in. Ask an operator of the console to set AUTH_OIDC_ISSUER to exactly that issuer.`
}
