import 'server-only'
import { z } from 'zod'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH, readPages } from '~/server/github/read-pages'

/** The review waits for these answers, and does without them after this. */
const LIMIT_MS = 4_000

const checkRuns = z.object({
  check_runs: z.array(z.object({ name: z.string(), conclusion: z.string().nullable() })),
})
const combined = z.object({ statuses: z.array(z.object({ context: z.string(), state: z.string() })) })

const RED_CONCLUSIONS = ['failure', 'timed_out', 'action_required', 'startup_failure']
const RED_STATES = ['failure', 'error']

/** `complete` is false when the commit has more checks than were read. */
interface FailedChecks {
  readonly failed: readonly string[]
  readonly complete: boolean
}

const about = (repository: string, sha: string) => ({
  ...ownerAndRepo(repository),
  ref: sha,
  per_page: PAGE_LENGTH,
  request: { signal: AbortSignal.timeout(LIMIT_MS) },
})

/** The names of a commit's check runs that failed. One that is cancelled, skipped or still running is not red. */
export async function failedCheckRuns(github: GitHub, repository: string, sha: string): Promise<FailedChecks> {
  const asked = about(repository, sha)
  const { items, complete } = await readPages(async (page) => {
    const address = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs'
    return checkRuns.parse((await github.request(address, { ...asked, page })).data).check_runs
  })
  const failed = items.filter(({ conclusion }) => RED_CONCLUSIONS.includes(conclusion ?? '')).map(({ name }) => name)
  return { failed, complete }
}

/** The same of the older commit statuses, which other services still report with. */
export async function failedStatuses(github: GitHub, repository: string, sha: string): Promise<FailedChecks> {
  const asked = about(repository, sha)
  const { items, complete } = await readPages(async (page) => {
    const address = 'GET /repos/{owner}/{repo}/commits/{ref}/status'
    return combined.parse((await github.request(address, { ...asked, page })).data).statuses
  })
  return { failed: items.filter(({ state }) => RED_STATES.includes(state)).map(({ context }) => context), complete }
}
