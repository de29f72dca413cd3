import 'server-only'
import { z } from 'zod'
import type { ListedRun } from '~/domain/outside-run'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { runIdSchema } from '~/server/github/workflow-runs'

const PAGE_LENGTH = 30
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

/** The newest runs of a workflow, in one request. Throws Octokit's error when GitHub does not answer. */
export async function listNewestRuns(github: GitHub, repository: string, workflow: string): Promise<ListedRun[]> {
  const response = await github.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs', {
    ...ownerAndRepo(repository),
    workflow_id: workflow,
    per_page: PAGE_LENGTH,
    request: { signal: AbortSignal.timeout(LIMIT_MS) },
  })
  return listed.parse(response.data).workflow_runs
}
