import 'server-only'
import { appendAuditEvent } from '~/server/db/audit'
import { advanceDeploy, fillRun } from '~/server/db/deploys'
import { allDone } from '~/server/db/statements'
import type { Deps } from '~/server/deps'
import type { DispatchOutcome } from '~/server/github/dispatch-workflow'

interface Subject {
  readonly deployId: string
  readonly surfaceId: string
  readonly actor: string
}

/**
 * Writes down what GitHub answered. Losing the race against the workflow's first callback is no error: the callback
 * took the row through `dispatched` itself, and only the run id is left to fill in.
 */
export async function recordDispatchOutcome(
  deps: Pick<Deps, 'sql' | 'now' | 'logger'>,
  subject: Subject,
  outcome: DispatchOutcome,
): Promise<void> {
  const at = deps.now()
  await deps.sql.transaction(async (tx) => {
    switch (outcome.kind) {
      case 'accepted':
        await allDone([
          advanceDeploy(tx, {
            ...subject,
            to: 'dispatched',
            at,
            event: {
              action: 'console.deploy.dispatched',
              status: 'dispatched',
              payload: { source: 'github', run_id: outcome.runId?.toString() ?? null },
            },
          }),
          outcome.runId === null ? Promise.resolve() : fillRun(tx, subject.deployId, outcome.runId),
        ])
        return
      case 'refused':
        await advanceDeploy(tx, {
          ...subject,
          to: 'failed',
          // A callback that came meanwhile proved the opposite.
          onlyFrom: 'requested',
          at,
          failureStage: 'dispatch_failed',
          failureDetail: outcome.reason,
          event: {
            action: 'console.deploy.dispatch_refused',
            status: 'failed',
            payload: { http_status: outcome.httpStatus, reason: outcome.reason },
          },
        })
        return
      case 'unknown':
        await appendAuditEvent(
          tx,
          { ...subject, at },
          { action: 'console.deploy.dispatch_unknown', status: null, payload: { reason: outcome.reason } },
        )
        return
      default:
        outcome satisfies never
    }
  })
  deps.logger.info({ deployId: subject.deployId, outcome: outcome.kind }, 'dispatch answered')
}
