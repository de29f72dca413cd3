import 'server-only'
import { PUBLIC_GITHUB_API } from '~/server/config'

/** Where people read what the API talks about: github.com, or the Enterprise Server behind `…/api/v3`. */
export function gitHubWebUrl(apiUrl: string): string {
  return apiUrl === PUBLIC_GITHUB_API ? 'https://github.com' : apiUrl.replace(/\/api\/v3$/, '')
}

export const runUrl = (apiUrl: string, repository: string, runId: bigint) =>
  `${gitHubWebUrl(apiUrl)}/${repository}/actions/runs/${runId}`

export const commitUrl = (apiUrl: string, repository: string, sha: string) =>
  `${gitHubWebUrl(apiUrl)}/${repository}/commit/${sha}`
