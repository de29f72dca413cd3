import 'server-only'
import { isTerminal } from '~/domain/deploy/status'
import { appendAuditEvent, hasAuditEvent } from '~/server/audit/append-audit'
import { fillRun, updateDeployFacts } from '~/server/deploys/deploys'
import type { LockedDeploy } from '~/server/deploys/deploys.sql'
import type { DatabaseHandle } from '~/server/platform/database'

interface SeenRun {
  readonly runId: bigint
  readonly attempt: number
  readonly source: 'github' | 'callback'
  readonly actor: string
  readonly at: Date
}

type Locked = LockedDeploy & { readonly id: string }

/**
 * Puts the run of a deploy on record, where no other one is; false when one is, which is never changed. A run that nobody had heard of
 * when the deploy ended is a late one. Under the deploy's lock.
 */
export async function adoptRun(tx: DatabaseHandle, deploy: Locked, seen: SeenRun): Promise<boolean> {
  const { id, surfaceId } = deploy
  const { runId, source, actor, at } = seen
  if (!(await fillRun(tx, id, runId))) return false
  await appendAuditEvent(
    tx,
    { actor, at, deployId: id, surfaceId },
    { action: 'console.deploy.run_found', status: null, payload: { source, run_id: runId.toString() } },
  )
  const isUnheardOf = isTerminal(deploy.status) && !(await hasAuditEvent(tx, id, 'console.deploy.callback'))
  if (isUnheardOf) await noteLateRun(tx, deploy, seen)
  return true
}

/** A run that may be active although its deploy has ended: it raises an alarm and holds the surface until it is over. Once an attempt. */
export async function noteLateRun(
  tx: DatabaseHandle,
  deploy: Locked,
  { runId, attempt, actor, at }: Omit<SeenRun, 'source'>,
): Promise<void> {
  if (deploy.lateRunId === runId && (deploy.lateRunAttempt ?? 0) >= attempt) return
  await updateDeployFacts(tx, deploy.id, { lateRun: { runId, attempt }, holdsSurface: true })
  await appendAuditEvent(
    tx,
    { actor, at, deployId: deploy.id, surfaceId: deploy.surfaceId },
    {
      action: 'console.deploy.late_run',
      status: null,
      payload: { run_id: runId.toString(), run_attempt: attempt, stood_at: deploy.status },
    },
  )
}
