import 'server-only'
import { runFacts } from '~/domain/deploy/run-record'
import { HEALTH_CHECK_STATUS } from '~/domain/deploy/status'
import { explainFailedHealthCheck, judgeHealthCheck, type ProbeAnswer } from '~/domain/surface/health-check'
import { advanceDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'
import type { SurfaceRow } from '~/server/surfaces/surfaces'

/**
 * Ends the surface's deploy if the console itself makes its health check and this answer decides it. The surface was read before it was
 * asked, so its deploy phase was done by then. Of several workers, and beside a callback, only one ends the deploy.
 */
export async function concludeHealthCheck(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  surface: SurfaceRow,
  answer: ProbeAnswer,
): Promise<void> {
  const { lastDeploy } = surface
  if (lastDeploy?.status !== HEALTH_CHECK_STATUS || lastDeploy.probeUntil === null) return
  const { id: deployId, sha, probeUntil, probeSeconds } = lastDeploy
  const verdict = judgeHealthCheck({ expected: sha, until: probeUntil }, answer)
  if (verdict === null) return
  const { status, seen } = verdict
  const isFailed = status === 'failed'
  // The workflow may go on after its deploy phase, and may change the surface until its run is over.
  const mayGoOn = lastDeploy.githubRunId !== null && runFacts.safeParse(lastDeploy.runRecord).data?.over !== true
  const moved = await deps.db.$transaction(async (tx) => {
    const locked = await lockDeploy(tx, deployId)
    if (locked?.status !== HEALTH_CHECK_STATUS) return null
    const advanced = await advanceDeploy(tx, {
      deployId,
      surfaceId: surface.id,
      onlyFrom: HEALTH_CHECK_STATUS,
      to: status,
      actor: 'console',
      at: deps.now(),
      failureStage: isFailed ? 'health_check_failed' : null,
      ...(isFailed ? { failureDetail: explainFailedHealthCheck(sha, probeSeconds ?? 0, seen) } : {}),
      holdsSurface: mayGoOn,
      event: {
        action: 'console.deploy.health_checked',
        status,
        payload: {
          from: HEALTH_CHECK_STATUS,
          sha,
          seen,
          asked_at: answer.askedAt.toISOString(),
          ...(isFailed ? { failure_stage: 'health_check_failed' } : {}),
        },
      },
    })
    if (mayGoOn) await addJob(tx, { task: 'reconcile_deploy', payload: { deployId } })
    return advanced
  })
  if (moved !== null) deps.logger.info({ deployId, status, seen }, 'the health check of the console ended a deploy')
}
