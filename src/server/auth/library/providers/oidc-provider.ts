import 'server-only'
import { defineRequestState, getCurrentAuthEndpointContext } from '@better-auth/core/context'
import type { OAuthProvider } from '@better-auth/core/oauth2'
import { APIError, getOAuthState } from 'better-auth/api'
import * as client from 'openid-client'
import { z } from 'zod'
import { PROOF_LASTS_MINUTES } from '~/domain/actor'
import { ERROR_CODES } from '~/domain/errors'
import {
  ANSWER_SECONDS,
  boundedFetch,
  clientOf,
  describeProviderError,
  ProviderRefusal,
  refusingFailures,
} from '~/server/auth/library/providers/provider-client'
import { NEVER, providerReturn } from '~/server/auth/library/providers/provider-return'
import { accountKey } from '~/server/auth/providers/account-key'
import { bindAccounts } from '~/server/auth/providers/bind-accounts'
import type { Deps } from '~/server/deps'
import type { ProviderSettings } from '~/server/platform/provider-settings'

type OpenIdSettings = NonNullable<ProviderSettings['oidc']>

const person = z.object({ email: z.string().nullish(), email_verified: z.unknown(), name: z.string().nullish() })
type Profile = z.output<typeof person> & { readonly sub: string }

const begun = z.object({ idTokenNonce: z.string() })

/** The claims of the ID token that the return which is being answered brought, once they were verified. */
const verifiedClaims = defineRequestState<client.IDToken | null>(() => null)

/**
 * Any OpenID provider, by what it publishes about itself. `openid-client` checks what comes back: who answered (RFC 9207), the
 * ID token's signature, algorithm, issuer, audience, times and nonce (OpenID Connect Core, 3.1.3.7).
 */
export function oidcProvider(deps: Deps, settings: OpenIdSettings): OAuthProvider<Profile> {
  const { issuer, name } = settings
  let discovered: Promise<client.Configuration> | null = null
  // One that was away is asked again next time.
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
          'sign-in: the provider cannot be used',
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
        // A new session counts as a proof of who it is, so the provider's own must not be older than one may be.
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
        // `true` and nothing that looks like it.
        const user = { name: said.name ?? '', email: said.email ?? null, emailVerified: said.email_verified === true }
        return { user, data: { ...said, sub: claims.sub } }
      }),
  }
}

/** The library has compared the state already. */
export async function authorizationResponse(redirectUri: string): Promise<URL> {
  const { query } = await getCurrentAuthEndpointContext()
  const url = new URL(redirectUri)
  url.search = new URLSearchParams(z.record(z.string(), z.string()).parse(query)).toString()
  return url
}

/** Userinfo of another subject is about somebody else, and never used (OpenID Connect Core, 5.3.2). */
async function userInfoOf(config: client.Configuration, accessToken: string, subject: string) {
  try {
    return await client.fetchUserInfo(config, accessToken, subject)
  } catch (error) {
    if (!(error instanceof client.ClientError) || error.code !== OTHER_SUBJECT) throw error
    throw new ProviderRefusal('subject_mismatch', 'userinfo is about another subject than the ID token')
  }
}

/** The one comparison that `openid-client` makes there. */
const OTHER_SUBJECT = 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'

/**
 * When somebody last proved to the provider who they are. The console asks with `max_age` for that to be recent, which a
 * provider may ignore, so what it says is what counts: one that says nothing proves nothing (OpenID Connect Core, 3.1.3.7).
 */
function provedAt({ auth_time: seconds }: client.IDToken, now: Date): Date {
  // Its clock may be ahead; nobody has proved anything later than now.
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

/** Exactly the same, to the last slash (OpenID Connect Discovery, 4.3). */
class OtherIssuer extends Error {
  readonly issuer: string

  constructor(issuer: string) {
    super(`the provider names its issuer ${issuer}`)
    this.issuer = issuer
  }
}

function unavailable({ name, issuer }: OpenIdSettings, error: unknown): string {
  if (!(error instanceof OtherIssuer)) {
    return `${name} does not answer. You were not signed in; try again, or sign in another way.`
  }
  return `${name} names its issuer ${error.issuer}, and AUTH_OIDC_ISSUER is ${issuer}. You were not signed in. Whoever runs the console sets AUTH_OIDC_ISSUER to exactly what the provider says.`
}
