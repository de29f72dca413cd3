import 'server-only'
import type { OAuthProvider } from '@better-auth/core/oauth2'
import * as client from 'openid-client'
import { z } from 'zod'
import { accountIssuer, accountKey, bindAccounts } from '~/server/auth/accounts.sql'
import { authorizationResponse } from '~/server/auth/library/providers/oidc-provider'
import {
  ANSWER_SECONDS,
  boundedFetch,
  clientOf,
  ProviderRefusal,
  refusingFailures,
} from '~/server/auth/library/providers/provider-client'
import { NEVER, providerReturn } from '~/server/auth/library/providers/provider-return'
import type { Deps } from '~/server/deps'
import type { ProviderSettings } from '~/server/platform/provider-settings'

const user = z.object({ id: z.number(), login: z.string(), name: z.string().nullish() })
const emails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }))
const membership = z.object({ state: z.string() })
const refused = z.object({ error: z.string() })

type Read = (path: string) => Promise<unknown>

interface Profile {
  readonly id: string
  readonly onAllowList: boolean
}

/**
 * Sign-in with github.com, or with the configured Enterprise Server. GitHub is not an OpenID provider, so its API is asked for
 * the person and the memberships, with the person's token, which is not stored.
 */
export function gitHubProvider(deps: Deps, settings: NonNullable<ProviderSettings['github']>): OAuthProvider<Profile> {
  const { githubApiUrl, providers } = deps.config
  const lists = providers.allowedGitHub
  const issuer = accountIssuer(deps.config, 'github') ?? ''
  const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/access_token` }
  const config = clientOf({ issuer, ...endpoints }, settings)
  config[client.customFetch] = withErrorStatus
  return {
    id: 'github',
    name: 'GitHub',
    accountSubject: ({ profile }) => accountKey(issuer, profile.id),
    createAuthorizationURL: async ({ state, codeVerifier, redirectURI }) =>
      client.buildAuthorizationUrl(config, {
        redirect_uri: redirectURI,
        // Required to read private memberships of organisations and teams.
        scope: ['read:user', 'user:email', ...(lists.length > 0 ? ['read:org'] : [])].join(' '),
        state,
        code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      }),
    validateAuthorizationCode: ({ codeVerifier = '', redirectURI }) =>
      refusingFailures(deps, 'github', async () => {
        const answered = await authorizationResponse(redirectURI)
        const expectedState = answered.searchParams.get('state') ?? ''
        const checks = { pkceCodeVerifier: codeVerifier, expectedState }
        const { access_token: accessToken } = await client.authorizationCodeGrant(config, answered, checks)
        return { accessToken }
      }),
    getUserInfo: ({ accessToken = '' }) =>
      refusingFailures(deps, 'github', async () => {
        const read: Read = async (path) => {
          const answer = await boundedFetch(`${githubApiUrl}${path}`, {
            method: 'GET',
            headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${accessToken}` },
            signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
            redirect: 'manual',
            body: null,
          })
          return answer.ok ? await answer.json() : null
        }
        const { data: who } = user.safeParse(await read('/user'))
        if (who === undefined) throw new ProviderRefusal('provider_answer_invalid', 'GitHub did not name the person')
        const primary = emails.safeParse(await read('/user/emails')).data?.find(({ primary }) => primary)
        const id = String(who.id)
        // GitHub may accept its session in this browser without asking the person for a proof.
        const provedAt = settings.provesIdentity ? deps.now() : NEVER
        const identity = { accountKey: accountKey(issuer, id), email: primary?.email ?? '', provedAt }
        await providerReturn.set({ identity, refusal: null })
        await bindAccounts(deps)
        return {
          user: {
            name: who.name || who.login,
            email: primary?.email ?? null,
            emailVerified: primary?.verified ?? false,
          },
          data: { id, onAllowList: await isOnList(read, who.login, lists) },
        }
      }),
  }
}

/** GitHub refuses a code or a secret with 200 and an error in the body (docs.github.com, "Troubleshooting OAuth app access token request errors"). */
const withErrorStatus: client.CustomFetch = async (url, options) => {
  const answer = await boundedFetch(url, options)
  const isRefusal = refused.safeParse(
    await answer
      .clone()
      .json()
      .catch(() => null),
  ).success
  return isRefusal && answer.ok ? new Response(answer.body, { status: 400, headers: answer.headers }) : answer
}

/** Only active memberships count. Anybody can be invited to an organisation. */
async function isOnList(read: Read, login: string, lists: readonly string[]): Promise<boolean> {
  for (const entry of lists) {
    const [org = '', team] = entry.split('/')
    const path =
      team === undefined ? `/user/memberships/orgs/${org}` : `/orgs/${org}/teams/${team}/memberships/${login}`
    if (membership.safeParse(await read(path)).data?.state === 'active') return true
  }
  return false
}
