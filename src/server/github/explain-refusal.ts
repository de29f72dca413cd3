import 'server-only'
import { type GitHubError, isTokenRequest } from '~/server/github/github-error'

interface Asked {
  readonly repository: string
  readonly workflow?: string
  readonly ref?: string
}

/** GitHub's refusal in words an operator understands, with GitHub's own message where it adds something. */
export function explainRefusal(error: GitHubError, asked: Asked): string {
  const said = gitHubMessage(error)
  const limited = rateLimitedUntil(error)
  if (limited !== null) return `GitHub's rate limit is used up${limited}. Nothing was started; deploy again after that.`
  if (isTokenRequest(error)) {
    return `GitHub gives the App no token for installation (HTTP ${error.status}): ${said}. Check GITHUB_APP_ID, its key and GITHUB_APP_INSTALLATION_ID; nothing was started.`
  }
  switch (error.status) {
    case 401:
      return 'GitHub does not accept the console’s credentials. Renew GITHUB_DISPATCH_TOKEN, or the App’s private key; nothing was started.'
    case 403:
      return `The console’s credentials may not do this in ${asked.repository}: they need "Actions: read and write". GitHub says: ${said}`
    case 404:
      return `GitHub knows no ${asked.workflow ?? 'such thing'} in ${asked.repository}, or does not show it to these credentials.`
    default:
      return `GitHub refused: ${said}`
  }
}

/** The first sentence-like part of GitHub's answer; Octokit appends a link to the documentation. */
function gitHubMessage(error: GitHubError): string {
  return error.message.replace(/ - https?:\/\/\S+$/, '').slice(0, 500)
}

/** " until 12:30 UTC" when the headers say the request was one too many; null when it is no matter of rate. */
function rateLimitedUntil(error: GitHubError): string | null {
  const headers = error.response?.headers ?? {}
  const exhausted = error.status === 429 || (error.status === 403 && headers['x-ratelimit-remaining'] === '0')
  if (!exhausted && headers['retry-after'] === undefined) return null
  if (headers['retry-after'] !== undefined) return ` for another ${headers['retry-after']} s`
  const reset = Number(headers['x-ratelimit-reset'])
  return Number.isFinite(reset) ? ` until ${new Date(reset * 1000).toISOString().slice(11, 16)} UTC` : ''
}
