import 'server-only'
import { z } from 'zod'
import type { ListedRun } from '~/domain/outside-run'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { readPages } from '~/server/github/read-pages'
import { runIdSchema } from '~/server/github/workflow-runs'

/** A run as GitHub lists it is some ten kilobytes, so a pass that finds nothing new reads a short page. */
const PAGE_LENGTH = 30
const PAGES_AT_MOST = 4
const LIMIT_MS = 8_000

const listed = z.object({
  workflow_runs: z.array(
    z
      .object({
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
        (run): ListedRun => ({
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

/**
 * The newest runs of a workflow: a page, and further ones until `reaches` is true of what was read. `complete` is false when the
 * workflow may have older runs than these. Throws Octokit's error when GitHub does not answer.
 */
export function listNewestRuns(
  github: GitHub,
  repository: string,
  workflow: string,
  reaches: (runs: readonly ListedRun[]) => boolean,
) {
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
