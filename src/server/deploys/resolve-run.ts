import 'server-only'
import { appendAuditEvent } from '~/server/db/audit'
import { type DeployRow, fillRun } from '~/server/db/deploys'
import type { Deps } from '~/server/deps'
import { findRunsOfDeploy } from '~/server/github/workflow-runs'

/** Contract.md, "Run id", 2: one look-up per poll, this long, while the deploy is this young. */
export const LOOKUP_TIMEOUT_MS = 8_000
const LOOKUP_WINDOW_MS = 90_000

/** True when a poll may still hope to learn the run by asking GitHub itself. */
export function mayResolveRun(deploy: DeployRow, now: Date): boolean {
  return (
    deploy.githubRunId === null &&
    deploy.status === 'dispatched' &&
    now.getTime() - deploy.requestedAt.getTime() < LOOKUP_WINDOW_MS
  )
}

/**
 * Looks once for the run that carries the deploy's id and records it. The run id, or null when GitHub lists none yet
 * or does not answer: a failed look-up never fails the poll it is part of.
 */
export async function resolveRun(
  deps: Pick<Deps, 'db' | 'github' | 'now' | 'logger'>,
  deploy: DeployRow,
): Promise<bigint | null> {
  try {
    const runs = await findRunsOfDeploy(deps.github, deploy, AbortSignal.timeout(LOOKUP_TIMEOUT_MS))
    const runId = runs[0]
    if (runId === undefined) return null
    if (runs.length > 1) deps.logger.error({ deployId: deploy.id, runs: runs.map(String) }, 'two runs carry one deploy')
    await deps.db.$transaction(async (tx) => {
      if (!(await fillRun(tx, deploy.id, runId))) return
      await appendAuditEvent(
        tx,
        { actor: 'console', at: deps.now(), deployId: deploy.id, surfaceId: deploy.surfaceId },
        { action: 'console.deploy.run_found', status: null, payload: { source: 'github', run_id: runId.toString() } },
      )
    })
    return runId
  } catch (error) {
    deps.logger.warn({ deployId: deploy.id, err: error }, 'run look-up failed; the next poll tries again')
    return null
  }
}
