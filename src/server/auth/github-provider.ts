import 'server-only'
import type { GenericOAuthConfig } from 'better-auth/plugins/generic-oauth'
import { z } from 'zod'
import type { ServerConfig } from '~/server/config'
import { gitHubWebUrl } from '~/server/github/web-urls'
import type { ProviderClient } from '~/server/provider-settings'

const user = z.object({ id: z.number(), login: z.string(), name: z.string().nullish() })
const emails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }))
const membership = z.object({ state: z.string() })

const LIMIT_MS = 8_000

type Read = (path: string) => Promise<unknown>

/**
 * Signing in with github.com, or with the Enterprise Server the console ships from. GitHub is no OpenID provider: who it is,
 * and where they belong, is asked of its API with the person's own token, which is then thrown away.
 */
export function gitHubProvider(
  { githubApiUrl, providers }: Pick<ServerConfig, 'githubApiUrl' | 'providers'>,
  client: ProviderClient,
): GenericOAuthConfig {
  const web = gitHubWebUrl(githubApiUrl)
  const lists = providers.allowedGitHub
  return {
    ...client,
    providerId: 'github',
    name: 'GitHub',
    authorizationUrl: `${web}/login/oauth/authorize`,
    tokenUrl: `${web}/login/oauth/access_token`,
    // Membership of organisations and teams is private without it.
    scopes: ['read:user', 'user:email', ...(lists.length > 0 ? ['read:org'] : [])],
    pkce: true,
    accountSubject: ({ profile }) => String(profile['id'] ?? ''),
    getUserInfo: async ({ accessToken }) => {
      const read: Read = async (path) => {
        const answer = await fetch(`${githubApiUrl}${path}`, {
          headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${accessToken}` },
          signal: AbortSignal.timeout(LIMIT_MS),
          redirect: 'error',
        })
        return answer.ok ? await answer.json() : null
      }
      const { data: who } = user.safeParse(await read('/user'))
      if (who === undefined) return null
      const primary = emails.safeParse(await read('/user/emails')).data?.find((email) => email.primary)
      return {
        id: String(who.id),
        name: who.name || who.login,
        email: primary?.email ?? null,
        emailVerified: primary?.verified ?? false,
        onAllowList: await isOnList(read, who.login, lists),
      }
    },
  }
}

/** Active members only: an invitation to an organisation that was not accepted proves nothing. */
async function isOnList(read: Read, login: string, lists: readonly string[]): Promise<boolean> {
  for (const entry of lists) {
    const [org = '', team] = entry.split('/')
    const path =
      team === undefined ? `/user/memberships/orgs/${org}` : `/orgs/${org}/teams/${team}/memberships/${login}`
    if (membership.safeParse(await read(path)).data?.state === 'active') return true
  }
  return false
}
