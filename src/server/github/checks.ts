import 'server-only'
import { z } from 'zod'
import { type GitHub, ownerAndRepo } from '~/server/github/client'

/** The review waits for these answers, and does without them after this. */
const LIMIT_MS = 4_000

const checkRuns = z.object({
  check_runs: z.array(z.object({ name: z.string(), conclusion: z.string().nullable() })),
})
const combined = z.object({ statuses: z.array(z.object({ context: z.string(), state: z.string() })) })

const RED_CONCLUSIONS = ['failure', 'timed_out', 'action_required', 'startup_failure']
const RED_STATES = ['failure', 'error']

const about = (repository: string, sha: string) => ({
  ...ownerAndRepo(repository),
  ref: sha,
  per_page: 100,
  request: { signal: AbortSignal.timeout(LIMIT_MS) },
})

/** The names of a commit's check runs that failed. One that is cancelled, skipped or still running is not red. */
export async function failedCheckRuns(github: GitHub, repository: string, sha: string): Promise<string[]> {
  const { data } = await github.request('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', about(repository, sha))
  return checkRuns
    .parse(data)
    .check_runs.filter(({ conclusion }) => RED_CONCLUSIONS.includes(conclusion ?? ''))
    .map(({ name }) => name)
}

/** The same of the older commit statuses, which other services still report with. */
export async function failedStatuses(github: GitHub, repository: string, sha: string): Promise<string[]> {
  const { data } = await github.request('GET /repos/{owner}/{repo}/commits/{ref}/status', about(repository, sha))
  return combined
    .parse(data)
    .statuses.filter(({ state }) => RED_STATES.includes(state))
    .map(({ context }) => context)
}
