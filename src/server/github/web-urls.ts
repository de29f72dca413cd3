import 'server-only'
import { PUBLIC_GITHUB_API } from '~/server/platform/config'

/**
 * The web address that belongs to an API address: github.com, the Enterprise Server behind `…/api/v3`, or an enterprise with data
 * residency, whose API is `https://api.<subdomain>.ghe.com`.
 */
export function gitHubWebUrl(apiUrl: string): string {
  if (apiUrl === PUBLIC_GITHUB_API) return 'https://github.com'
  return apiUrl.replace(/\/api\/v3\/?$/, '').replace(/^https:\/\/api\.([^./]+\.ghe\.com)\/?$/, 'https://$1')
}

export const runUrl = (apiUrl: string, repository: string, runId: bigint) =>
  `${gitHubWebUrl(apiUrl)}/${repository}/actions/runs/${runId}`

export const jobUrl = (apiUrl: string, repository: string, runId: bigint, jobId: string) =>
  `${runUrl(apiUrl, repository, runId)}/job/${jobId}`

export const commitUrl = (apiUrl: string, repository: string, sha: string) =>
  `${gitHubWebUrl(apiUrl)}/${repository}/commit/${sha}`
