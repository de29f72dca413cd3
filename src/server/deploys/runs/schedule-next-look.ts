import 'server-only'
import { isTerminal } from '~/domain/deploy/status'
import { hearingState } from '~/domain/github/webhook-hearing'
import { findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'
import { findHearing } from '~/server/webhooks/webhook-hearings.sql'

/** Somebody is likely to watch a young deploy. Later, the reconciler's pass is enough. An unchanged run costs no request of the hour. */
const PACES = [
  { forMs: 2 * 60_000, everyMs: 4_000 },
  { forMs: 15 * 60_000, everyMs: 10_000 },
] as const

/**
 * Queues the next look at the run of an active deploy, unless webhooks tell of its jobs, or requests are scarce: reviews and dispatches need
 * them more.
 */
export async function scheduleNextLook(
  deps: Pick<Deps, 'db' | 'now' | 'config' | 'github'>,
  deployId: string,
): Promise<void> {
  const deploy = await findDeploy(deps.db, deployId)
  if (deploy === null || isTerminal(deploy.status)) return
  const now = deps.now()
  const pace = PACES.find(({ forMs }) => now.getTime() - deploy.requestedAt.getTime() < forMs)
  if (pace === undefined || deps.github.rateLimit.pausedUntil(now, 'background') !== null) return
  if (deps.config.githubWebhookSecrets.length > 0) {
    const hearing = await findHearing(deps.db, deploy.repository, 'runs')
    if (hearing !== null && hearingState(hearing, now) === 'heard') return
  }
  const runAt = new Date(now.getTime() + pace.everyMs)
  // A webhook or a callback may have queued an earlier look in the meantime.
  await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId } }, { runAt, keepRunAt: true })
}
