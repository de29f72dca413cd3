import 'server-only'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { fillRun, readStanding, type Standing } from '~/server/deploys/deploys'
import { advanceDeploy } from '~/server/deploys/deploys.sql'
import type { Deps } from '~/server/deps'
import type { DispatchOutcome } from '~/server/github/dispatch-workflow'
import type { DatabaseHandle } from '~/server/platform/database'

interface Subject {
  readonly deployId: string
  readonly surfaceId: string
  readonly actor: string
}

/**
 * Writes down what GitHub answered, and gives where the deploy stands then. Losing the race against the workflow's first
 * callback is no error: the callback took the row through `dispatched` itself, and only the run id is left to fill in.
 */
export async function recordDispatchOutcome(
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  subject: Subject,
  outcome: DispatchOutcome,
): Promise<Standing> {
  const at = deps.now()
  const standing = await deps.db.$transaction((tx) => record(tx, { ...subject, at }, outcome))
  deps.logger.info({ deployId: subject.deployId, outcome: outcome.kind }, 'dispatch answered')
  return standing
}

async function record(
  tx: DatabaseHandle,
  subject: Subject & { readonly at: Date },
  outcome: DispatchOutcome,
): Promise<Standing> {
  const { deployId } = subject
  switch (outcome.kind) {
    case 'accepted': {
      const { runId } = outcome
      const moved = await advanceDeploy(tx, {
        ...subject,
        to: 'dispatched',
        runId,
        event: {
          action: 'console.deploy.dispatched',
          status: 'dispatched',
          payload: { source: 'github', run_id: runId?.toString() ?? null },
        },
      })
      if (moved !== null) return moved
      if (runId !== null) await fillRun(tx, deployId, runId)
      return readStanding(tx, deployId)
    }
    case 'refused': {
      const moved = await advanceDeploy(tx, {
        ...subject,
        to: 'failed',
        // A callback that came meanwhile proved the opposite.
        onlyFrom: 'requested',
        failureStage: 'dispatch_failed',
        failureDetail: outcome.reason,
        shipped: 'no',
        event: {
          action: 'console.deploy.dispatch_refused',
          status: 'failed',
          payload: { http_status: outcome.httpStatus, reason: outcome.reason },
        },
      })
      return moved ?? readStanding(tx, deployId)
    }
    case 'unknown':
      await appendAuditEvent(tx, subject, {
        action: 'console.deploy.dispatch_unknown',
        status: null,
        payload: { reason: outcome.reason },
      })
      return readStanding(tx, deployId)
    default:
      return outcome satisfies never
  }
}
