import 'server-only'
import {
  recordCancelAcknowledged,
  recordCancelDelayed,
  recordCancelRefused,
} from '~/server/deploys/cancel/cancellations'
import type { Deps } from '~/server/deps'
import { type CancelOutcome, cancelRun } from '~/server/github/cancel-run'

interface Cancelled {
  readonly id: string
  readonly surfaceId: string
  readonly repository: string
}

/** Asks GitHub to cancel a deploy's run and records what it said. The deploy itself only ends by what GitHub says later. */
export async function requestCancel(
  deps: Pick<Deps, 'db' | 'github' | 'now' | 'logger'>,
  deploy: Cancelled,
  runId: bigint,
): Promise<CancelOutcome> {
  const outcome = await cancelRun(deps.github, deploy.repository, runId)
  const subject = { deployId: deploy.id, surfaceId: deploy.surfaceId, actor: 'console', at: deps.now() }
  if (outcome.kind === 'acknowledged') {
    await deps.db.$transaction((tx) => recordCancelAcknowledged(tx, subject, runId))
  }
  if (outcome.kind === 'refused') await deps.db.$transaction((tx) => recordCancelRefused(tx, subject, outcome))
  if (outcome.kind === 'later') await deps.db.$transaction((tx) => recordCancelDelayed(tx, subject, outcome))
  deps.logger.info({ deployId: deploy.id, outcome: outcome.kind }, 'cancellation answered')
  return outcome
}
