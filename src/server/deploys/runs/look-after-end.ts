import 'server-only'
import { type RunRecord, runFacts } from '~/domain/deploy/evidence'
import { isTerminal, type Shipped } from '~/domain/deploy/status'
import { appendAuditEvent, appendAuditEventOnce } from '~/server/audit/append-audit'
import { type DeployRow, updateDeployFacts } from '~/server/deploys/deploys'
import { type LockedDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import { noteLateRun } from '~/server/deploys/runs/adopt-run'
import { noteRunAttempt } from '~/server/deploys/runs/note-run-attempt'
import { storeRunRecord } from '~/server/deploys/runs/store-run-record'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'

const ACTOR = 'reconciler'

/** A run goes on for a few seconds after its last callback; one that goes on for longer is looked at less often, and then no more. */
const PACES = [
  { forMs: 2 * 60_000, everyMs: 10_000 },
  { forMs: 15 * 60_000, everyMs: 60_000 },
] as const

/**
 * Reads what GitHub's record says of a deploy that has ended: whether it shipped, whether the record contradicts what was reported,
 * whether its run is over. The status stays. A run that was started again, or that nobody had seen, holds the surface until it is over.
 */
export async function lookAfterEnd(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  deploy: DeployRow,
  runId: bigint,
  run: RunRecord,
): Promise<void> {
  const at = deps.now()
  const over = run.status === 'completed'
  const seen = { runId, attempt: run.attempt, source: 'github', actor: ACTOR, at } as const
  await deps.db.$transaction(async (tx) => {
    const before = await lockDeploy(tx, deploy.id)
    if (before === null || !isTerminal(before.status)) return
    await noteRunAttempt(tx, { ...before, id: deploy.id }, seen)
    if (!over && startedAfter(run, deploy)) await noteLateRun(tx, { ...before, id: deploy.id }, seen)
    const locked = (await lockDeploy(tx, deploy.id)) ?? before
    if (over && locked.holdsSurface) await endHold(tx, deploy, { runId, conclusion: run.conclusion, at })
    if (runId !== locked.githubRunId) return
    const shipped = await storeRunRecord(tx, { ...locked, id: deploy.id }, run, at)
    if (over) await confirmEnd(tx, deploy, locked, { runId, run, shipped, at })
  })
  if (over) return
  const since = at.getTime() - (deploy.finishedAt ?? deploy.requestedAt).getTime()
  const pace = PACES.find(({ forMs }) => since < forMs)
  if (pace === undefined) return
  const runAt = new Date(at.getTime() + pace.everyMs)
  await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId: deploy.id } }, { runAt })
}

/** True for an attempt that somebody started when the deploy had ended already. GitHub's times are whole seconds. */
const startedAfter = ({ attempt, startedAt }: RunRecord, { finishedAt }: DeployRow): boolean =>
  attempt > 1 && finishedAt !== null && startedAt !== null && Date.parse(startedAt) >= finishedAt.getTime()

async function endHold(
  tx: DatabaseHandle,
  { id, surfaceId }: DeployRow,
  { runId, conclusion, at }: { readonly runId: bigint; readonly conclusion: string | null; readonly at: Date },
): Promise<void> {
  await updateDeployFacts(tx, id, { holdsSurface: false })
  await appendAuditEvent(
    tx,
    { actor: ACTOR, at, deployId: id, surfaceId },
    {
      action: 'console.deploy.late_run_over',
      status: null,
      payload: { run_id: runId.toString(), conclusion },
    },
  )
}

/** Once an attempt: what the record proves. An alarm, once, where it contradicts what the workflow reported. */
async function confirmEnd(
  tx: DatabaseHandle,
  deploy: DeployRow,
  locked: LockedDeploy,
  seen: { readonly runId: bigint; readonly run: RunRecord; readonly shipped: Shipped; readonly at: Date },
): Promise<void> {
  const { runId, run, shipped, at } = seen
  const known = runFacts.safeParse(deploy.runRecord).data
  if (known?.over === true && known.attempt === run.attempt) return
  const subject = { actor: ACTOR, at, deployId: deploy.id, surfaceId: deploy.surfaceId }
  const run_id = runId.toString()
  await appendAuditEvent(tx, subject, {
    action: 'console.deploy.end_confirmed',
    status: null,
    payload: { run_id, run_attempt: run.attempt, conclusion: run.conclusion, shipped },
  })
  const recorded = locked.lateRunId === null ? contradiction(locked.status, run, shipped) : null
  if (recorded === null) return
  await appendAuditEventOnce(tx, subject, {
    action: 'console.deploy.record_disagrees',
    status: null,
    payload: { run_id, reported: locked.status, recorded },
  })
}

function contradiction(status: string, { conclusion }: RunRecord, shipped: Shipped): string | null {
  if (status !== 'succeeded') return null
  if (conclusion !== 'success') return `the run ended as “${conclusion ?? 'unknown'}”`
  return shipped === 'yes' ? null : 'no job of the deploy phase ran'
}
