import 'server-only'
import { z } from 'zod'
import type { CommitCheck } from '~/domain/surface/review'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH, readPages } from '~/server/github/reads'

/** The review waits this long for the checks, and then goes on without them. */
const LIMIT_MS = 4_000

/** Only pages of the web: what a check links to comes from outside. */
const link = z
  .url({ protocol: /^https?$/ })
  .nullish()
  .catch(null)
const checkRuns = z.object({
  check_runs: z.array(z.object({ name: z.string(), conclusion: z.string().nullable(), html_url: link })),
})
const combined = z.object({
  statuses: z.array(z.object({ context: z.string(), state: z.string(), target_url: link })),
})

/** What this version does not know is `other`, and so is what neither passed nor failed: skipped, neutral, cancelled, stale. */
const RUN_STATES: Readonly<Record<string, CommitCheck['state']>> = {
  success: 'green',
  failure: 'red',
  timed_out: 'red',
  action_required: 'red',
  startup_failure: 'red',
}
const STATUS_STATES: Readonly<Record<string, CommitCheck['state']>> = {
  success: 'green',
  pending: 'pending',
  failure: 'red',
  error: 'red',
}

/** `complete: false`: the commit has more checks than were read. */
interface ReadChecks {
  readonly checks: readonly CommitCheck[]
  readonly complete: boolean
}

const parametersOf = (repository: string, sha: string) => ({
  ...ownerAndRepo(repository),
  ref: sha,
  per_page: PAGE_LENGTH,
  request: { signal: AbortSignal.timeout(LIMIT_MS) },
})

export async function listCheckRuns(github: GitHub, repository: string, sha: string): Promise<ReadChecks> {
  const asked = parametersOf(repository, sha)
  const { items, complete } = await readPages(async (page) => {
    const address = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs'
    return checkRuns.parse((await github.request(address, { ...asked, page })).data).check_runs
  })
  const checks = items.map(({ name, conclusion, html_url }) => ({
    name,
    state: conclusion === null ? 'pending' : (RUN_STATES[conclusion] ?? 'other'),
    word: conclusion ?? 'pending',
    url: html_url ?? null,
  }))
  return { checks, complete }
}

/** A commit's statuses, which some services report instead of check runs. */
export async function listStatuses(github: GitHub, repository: string, sha: string): Promise<ReadChecks> {
  const asked = parametersOf(repository, sha)
  const { items, complete } = await readPages(async (page) => {
    const address = 'GET /repos/{owner}/{repo}/commits/{ref}/status'
    return combined.parse((await github.request(address, { ...asked, page })).data).statuses
  })
  const checks = items.map(({ context, state, target_url }) => ({
    name: context,
    state: STATUS_STATES[state] ?? 'other',
    word: state,
    url: target_url ?? null,
  }))
  return { checks, complete }
}
