import 'server-only'
import { appendAuditEvent, hasAuditEvent } from '~/server/audit/append-audit'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'

/** Two runs that carry one deploy's id: docs/contract.md, "Dispatch", wants an alarm. Raised once, and shown on the deploy. */
export async function raiseDuplicateRuns(
  deps: Pick<Deps, 'logger' | 'now'>,
  tx: DatabaseHandle,
  deployId: string,
  runIds: readonly bigint[],
): Promise<void> {
  if (runIds.length < 2) return
  const deploy = await lockDeploy(tx, deployId)
  if (deploy === null || (await hasAuditEvent(tx, deployId, 'console.deploy.runs_duplicated'))) return
  const run_ids = runIds.map(String)
  deps.logger.error({ deployId, runs: run_ids }, 'two runs carry one deploy')
  await appendAuditEvent(
    tx,
    { actor: 'console', at: deps.now(), deployId, surfaceId: deploy.surfaceId },
    { action: 'console.deploy.runs_duplicated', status: null, payload: { run_ids } },
  )
}
