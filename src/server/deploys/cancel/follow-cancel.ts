import 'server-only'
import { isTerminal } from '~/domain/deploy/status'
import { findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'

/** An operator watches at first; after ten minutes the reconciler's pass is often enough. */
const PACES = [
  { forMs: 60_000, everyMs: 2_000 },
  { forMs: 10 * 60_000, everyMs: 10_000 },
] as const

/** Looks again soon at a deploy whose cancellation was asked for, until GitHub has said how it ended. */
export async function followCancel(deps: Pick<Deps, 'db' | 'now'>, deployId: string): Promise<void> {
  const deploy = await findDeploy(deps.db, deployId)
  if (deploy === null || deploy.cancelRequestedAt === null || isTerminal(deploy.status)) return
  const now = deps.now().getTime()
  const since = now - deploy.cancelRequestedAt.getTime()
  const pace = PACES.find(({ forMs }) => since < forMs)
  if (pace === undefined) return
  const runAt = new Date(now + pace.everyMs)
  await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId } }, { runAt })
}
