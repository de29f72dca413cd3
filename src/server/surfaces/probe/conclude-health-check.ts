import 'server-only'
import { HEALTH_CHECK_STATUS } from '~/domain/deploy/status'
import { explainHealthVerdict, judgeHealthCheck, type ProbeAnswer } from '~/domain/surface/health-check'
import { beginHealthCheck } from '~/server/deploys/deploys'
import { advanceDeploy, lockDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'
import type { SurfaceRow } from '~/server/surfaces/surfaces'

/**
 * Ends the surface's deploy if the console itself makes its health check and this answer decides it. The surface was read before it was
 * asked, so its deploy phase was done by then. The first answer that does not decide it begins the time limit, also if a server of an
 * older version wrote the status. Of several workers, and beside a callback, only one ends the deploy.
 */
export async function concludeHealthCheck(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  surface: SurfaceRow,
  answer: ProbeAnswer,
): Promise<void> {
  const { lastDeploy } = surface
  if (lastDeploy?.status !== HEALTH_CHECK_STATUS || lastDeploy.probeSeconds === null) return
  const { id: deployId, sha, probeSeconds: seconds } = lastDeploy
  const until = lastDeploy.probeUntil ?? new Date(answer.askedAt.getTime() + seconds * 1_000)
  const verdict = judgeHealthCheck({ expected: sha, until }, answer)
  if (verdict === null) return lastDeploy.probeUntil === null ? beginHealthCheck(deps.db, deployId, until) : undefined
  const { status, seen } = verdict
  const isFailed = status === 'failed'
  const moved = await deps.db.$transaction(async (tx) => {
    const locked = await lockDeploy(tx, deployId)
    // The commit changes if the run turns out to be one of a ref that moved. The next answer is compared with the new one.
    if (locked?.status !== HEALTH_CHECK_STATUS || locked.sha !== sha) return null
    // The workflow may go on after its deploy phase, and may change the surface until its run is over.
    const mayGoOn = locked.githubRunId !== null && locked.runRecord?.over !== true
    const advanced = await advanceDeploy(tx, {
      deployId,
      surfaceId: surface.id,
      onlyFrom: HEALTH_CHECK_STATUS,
      to: status,
      actor: 'console',
      at: deps.now(),
      failureStage: isFailed ? 'health_check_failed' : null,
      ...(status === 'succeeded' ? {} : { failureDetail: explainHealthVerdict({ status, seen }, sha, seconds) }),
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
