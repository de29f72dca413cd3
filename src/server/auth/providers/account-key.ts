import 'server-only'
import { gitHubWebUrl } from '~/server/github/web-urls'
import type { ServerConfig } from '~/server/platform/config'

/** Whose word a provider's accounts rest on; null where it is not configured. */
export function accountIssuer(
  { providers, githubApiUrl }: Pick<ServerConfig, 'providers' | 'githubApiUrl'>,
  provider: string,
): string | null {
  if (provider === 'oidc') return providers.oidc?.issuer ?? null
  if (provider !== 'github' || providers.github === undefined) return null
  return `${gitHubWebUrl(githubApiUrl)}/login/oauth`
}

/** A subject is somebody together with its issuer only (OpenID Connect Core, 5.7). An issuer is a URL, so it has no spaces. */
export const accountKey = (issuer: string, subject: string): string => `${issuer} ${subject}`
