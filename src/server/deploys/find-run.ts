import 'server-only'
import { appendAuditEvent } from '~/server/db/audit'
import { type DeployRow, fillRun, lockDeploy } from '~/server/db/deploys'
import type { Deps } from '~/server/deps'
import { findRunsOfDeploy } from '~/server/github/workflow-runs'

/** Contract.md, "Run id": a look-up waits no longer than this. */
export const LOOKUP_TIMEOUT_MS = 8_000

/**
 * Looks once for the run that carries the deploy's id and puts it on record. The run on record, which is another one
 * when a callback named its own meanwhile; null when GitHub lists none.
 *
 * @throws whatever GitHub's client throws when GitHub does not answer
 */
export async function findRun(
  deps: Pick<Deps, 'db' | 'github' | 'now' | 'logger'>,
  deploy: DeployRow,
  timeoutMs = LOOKUP_TIMEOUT_MS,
): Promise<bigint | null> {
  const runs = await findRunsOfDeploy(deps.github, deploy, AbortSignal.timeout(timeoutMs))
  const found = runs[0]
  if (found === undefined) return null
  if (runs.length > 1) deps.logger.error({ deployId: deploy.id, runs: runs.map(String) }, 'two runs carry one deploy')
  return deps.db.$transaction(async (tx) => {
    const locked = await lockDeploy(tx, deploy.id)
    if (locked?.githubRunId != null) return locked.githubRunId
    await fillRun(tx, deploy.id, found)
    await appendAuditEvent(
      tx,
      { actor: 'console', at: deps.now(), deployId: deploy.id, surfaceId: deploy.surfaceId },
      { action: 'console.deploy.run_found', status: null, payload: { source: 'github', run_id: found.toString() } },
    )
    return found
  })
}
