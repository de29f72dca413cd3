import 'server-only'
import { z } from 'zod'
import { type GitHub, ownerAndRepo } from '~/server/github/client'

/** Octokit hands integers beyond 2^53 over as BigInt, smaller ones as number. */
export const runIdSchema = z
  .union([z.bigint(), z.int()])
  .transform(BigInt)
  .refine((id) => id > 0n)

const listedRuns = z.object({
  workflow_runs: z.array(z.object({ id: runIdSchema, display_title: z.string() })),
})

/**
 * The runs a deploy dispatched: those whose display title carries its id, among the `workflow_dispatch` runs created
 * since shortly before it was requested. Never matched by time or actor. More than one is for an alarm.
 *
 * @throws RequestError, or the signal's reason, when GitHub does not answer; the caller decides what that means.
 */
export async function findRunsOfDeploy(
  github: GitHub,
  deploy: {
    readonly id: string
    readonly repository: string
    readonly workflow: string
    readonly requestedAt: Date
  },
  signal: AbortSignal,
): Promise<bigint[]> {
  // A minute of slack: GitHub's clock and ours are not the same one. The id makes the match, not the time.
  const since = new Date(deploy.requestedAt.getTime() - 60_000).toISOString().replace(/\.\d{3}Z$/, 'Z')
  const response = await github.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs', {
    ...ownerAndRepo(deploy.repository),
    workflow_id: deploy.workflow,
    event: 'workflow_dispatch',
    created: `>=${since}`,
    per_page: 100,
    request: { signal },
  })
  return listedRuns
    .parse(response.data)
    .workflow_runs.filter((run) => run.display_title.includes(deploy.id))
    .map((run) => run.id)
}
