import 'server-only'
import type { RunRecord } from '~/domain/deploy/run-record'
import { isTerminal } from '~/domain/deploy/status'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { recordCancelRequest } from '~/server/deploys/cancel/request-cancel'
import { type DeployRow, readDeploy, updateDeployFacts } from '~/server/deploys/deploys'
import { lockDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'

const ACTOR = 'console'

/**
 * Compares the commit of a run with the reviewed one, if the workflow runs from the chosen ref: the ref may have moved before GitHub
 * started the run. From then on, the deploy is one of the commit that runs. Unless the surface continues then, a cancel is requested.
 *
 * @returns the deploy as it is on record after the comparison
 */
export async function recordMovedRef(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  deploy: DeployRow,
  runId: bigint,
  { headSha, attempt, status }: Pick<RunRecord, 'headSha' | 'attempt' | 'status'>,
): Promise<DeployRow> {
  const { id, surfaceId, onMoved, ref, sha } = deploy
  if (onMoved === null || headSha === null || runId !== (deploy.githubRunId ?? runId) || headSha === sha) return deploy
  const subject = { deployId: id, surfaceId, actor: ACTOR, at: deps.now() }
  await deps.db.$transaction(async (tx) => {
    const locked = await lockDeploy(tx, id)
    if (locked === null || locked.sha === headSha) return
    const cancels = onMoved === 'cancel' && !isTerminal(locked.status) && status !== 'completed'
    await updateDeployFacts(tx, id, { sha: headSha })
    await appendAuditEvent(tx, subject, {
      action: 'console.deploy.ref_moved',
      status: null,
      payload: {
        ref,
        reviewed_sha: locked.sha,
        head_sha: headSha,
        run_id: runId.toString(),
        on_moved: onMoved,
        cancels,
      },
    })
    if (cancels) await recordCancelRequest(tx, subject, runId)
  })
  deps.logger.error({ deployId: id, run: runId.toString(), attempt, onMoved }, 'the ref moved before the run started')
  return readDeploy(deps.db, id)
}
