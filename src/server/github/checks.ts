import 'server-only'
import { z } from 'zod'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH, readPages } from '~/server/github/reads'

/** The review waits this long for the checks, and then goes on without them. */
const LIMIT_MS = 4_000

const checkRuns = z.object({
  check_runs: z.array(z.object({ name: z.string(), conclusion: z.string().nullable() })),
})
const combined = z.object({ statuses: z.array(z.object({ context: z.string(), state: z.string() })) })

const FAILED_CONCLUSIONS = ['failure', 'timed_out', 'action_required', 'startup_failure']
const FAILED_STATES = ['failure', 'error']

/** `complete: false`: the commit has more checks than were read. */
interface FailedChecks {
  readonly failed: readonly string[]
  readonly complete: boolean
}

const parametersOf = (repository: string, sha: string) => ({
  ...ownerAndRepo(repository),
  ref: sha,
  per_page: PAGE_LENGTH,
  request: { signal: AbortSignal.timeout(LIMIT_MS) },
})

/** The names of a commit's failed check runs. Cancelled, skipped and running checks have not failed. */
export async function failedCheckRuns(github: GitHub, repository: string, sha: string): Promise<FailedChecks> {
  const asked = parametersOf(repository, sha)
  const { items, complete } = await readPages(async (page) => {
    const address = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs'
    return checkRuns.parse((await github.request(address, { ...asked, page })).data).check_runs
  })
  const failed = items.filter(({ conclusion }) => FAILED_CONCLUSIONS.includes(conclusion ?? '')).map(({ name }) => name)
  return { failed, complete }
}

/** The names of a commit's failed commit statuses, which some services report instead of check runs. */
export async function failedStatuses(github: GitHub, repository: string, sha: string): Promise<FailedChecks> {
  const asked = parametersOf(repository, sha)
  const { items, complete } = await readPages(async (page) => {
    const address = 'GET /repos/{owner}/{repo}/commits/{ref}/status'
    return combined.parse((await github.request(address, { ...asked, page })).data).statuses
  })
  return { failed: items.filter(({ state }) => FAILED_STATES.includes(state)).map(({ context }) => context), complete }
}
