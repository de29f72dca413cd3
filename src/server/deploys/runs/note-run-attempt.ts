import 'server-only'
import { isTerminal } from '~/domain/deploy/status'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { updateDeployFacts } from '~/server/deploys/deploys'
import type { LockedDeploy } from '~/server/deploys/deploys.sql'
import { noteLateRun } from '~/server/deploys/runs/adopt-run'
import type { DatabaseHandle } from '~/server/platform/database'

interface ReportedAttempt {
  readonly runId: bigint
  readonly attempt: number
  readonly source: 'github' | 'callback'
  readonly actor: string
  readonly at: Date
}

/**
 * Somebody may run a run again on GitHub. An unfinished deploy goes on with the latest attempt; one that has ended stays as
 * it ended. Either way the attempt is recorded, once, and never counted down. Under the deploy's lock.
 */
export async function noteRunAttempt(tx: DatabaseHandle, deploy: LockedDeploy & { id: string }, seen: ReportedAttempt) {
  if (seen.attempt <= (deploy.githubRunAttempt ?? 0)) return
  await updateDeployFacts(tx, deploy.id, { githubRunAttempt: seen.attempt })
  if (seen.attempt === 1) return
  // Nobody had heard of this attempt when the deploy ended: it ships beside the deploy's account.
  if (isTerminal(deploy.status) && deploy.githubRunAttempt !== null) await noteLateRun(tx, deploy, seen)
  await appendAuditEvent(
    tx,
    { actor: seen.actor, at: seen.at, deployId: deploy.id, surfaceId: deploy.surfaceId },
    {
      action: 'console.deploy.run_attempt',
      status: null,
      payload: {
        source: seen.source,
        run_id: seen.runId.toString(),
        run_attempt: seen.attempt,
        stood_at: deploy.status,
      },
    },
  )
}
