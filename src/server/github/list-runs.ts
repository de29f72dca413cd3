import 'server-only'
import { z } from 'zod'
import type { ListedRun } from '~/domain/github/outside-run'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { readPages } from '~/server/github/read-pages'
import { runIdSchema } from '~/server/github/workflow-runs'

/** A run as GitHub lists it is some ten kilobytes, so a pass that finds nothing new reads a short page. */
const PAGE_LENGTH = 30
const PAGES_AT_MOST = 4
const LIMIT_MS = 8_000

/** A repository's list has the runs of its checks in it too. */
const REPOSITORY_PAGE_LENGTH = 50
const REPOSITORY_PAGES_AT_MOST = 2

export interface RepositoryRun extends ListedRun {
  /** The workflow's file name below `.github/workflows`. */
  readonly workflow: string
}

const listed = z.object({
  workflow_runs: z.array(
    z
      .object({
        path: z.string(),
        id: runIdSchema,
        run_number: z.int(),
        display_title: z.string(),
        event: z.string(),
        status: z.string().nullable(),
        conclusion: z.string().nullable(),
        created_at: z.string(),
        run_started_at: z.string().nullish(),
        run_attempt: z.int().nullish(),
        triggering_actor: z.object({ login: z.string() }).nullish(),
        head_commit: z.object({ message: z.string() }).nullish(),
      })
      .transform(
        (run): RepositoryRun => ({
          // A shared workflow's path ends in `@ref`.
          workflow: run.path.replace(/@.*$/s, '').replace(/^.*\//s, ''),
          id: run.id,
          number: run.run_number,
          title: run.display_title,
          commitTitle: run.head_commit?.message.split('\n')[0] ?? null,
          event: run.event,
          status: run.status ?? 'unknown',
          conclusion: run.conclusion,
          actor: run.triggering_actor?.login ?? 'somebody',
          startedAt: run.run_started_at ?? run.created_at,
          attempt: run.run_attempt ?? 1,
        }),
      ),
  ),
})

type Reaches = (runs: readonly ListedRun[]) => boolean

/**
 * The newest runs of a workflow: a page, and further ones until `reaches` is true of what was read. `complete` is false when the
 * workflow may have older runs than these. Throws Octokit's error when GitHub does not answer.
 */
export function listNewestRuns(github: GitHub, repository: string, workflow: string, reaches: Reaches) {
  const signal = AbortSignal.timeout(LIMIT_MS)
  const readPage = async (page: number) => {
    const { data } = await github.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs', {
      ...ownerAndRepo(repository),
      workflow_id: workflow,
      per_page: PAGE_LENGTH,
      page,
      request: { signal },
    })
    return listed.parse(data).workflow_runs
  }
  return readPages(readPage, { length: PAGE_LENGTH, atMost: PAGES_AT_MOST, found: reaches })
}

/** The same of all workflows of a repository at once. */
export function listRepositoryRuns(github: GitHub, repository: string, reaches: Reaches) {
  const signal = AbortSignal.timeout(LIMIT_MS)
  const readPage = async (page: number) => {
    const { data } = await github.request('GET /repos/{owner}/{repo}/actions/runs', {
      ...ownerAndRepo(repository),
      per_page: REPOSITORY_PAGE_LENGTH,
      page,
      request: { signal },
    })
    return listed.parse(data).workflow_runs
  }
  return readPages(readPage, {
    length: REPOSITORY_PAGE_LENGTH,
    atMost: REPOSITORY_PAGES_AT_MOST,
    found: reaches,
  })
}
