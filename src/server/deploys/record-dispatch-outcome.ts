import 'server-only'
import { appendAuditEvent } from '~/server/db/audit'
import { advanceDeploy, fillRun, readStanding, type Standing } from '~/server/db/deploys'
import { allDone, type Statements } from '~/server/db/statements'
import type { Deps } from '~/server/deps'
import type { DispatchOutcome } from '~/server/github/dispatch-workflow'

interface Subject {
  readonly deployId: string
  readonly surfaceId: string
  readonly actor: string
}

/**
 * Writes down what GitHub answered, and gives where the deploy stands after that. Losing the race against the workflow's first
 * callback is no error: the callback took the row through `dispatched` itself, and only the run id is left to fill in.
 */
export async function recordDispatchOutcome(
  deps: Pick<Deps, 'sql' | 'now' | 'logger'>,
  subject: Subject,
  outcome: DispatchOutcome,
): Promise<Standing> {
  const at = deps.now()
  // In one transaction, so that where the deploy stands need not be waited for: it is what has just been written.
  const [, standing] = await deps.sql.transaction((tx) =>
    allDone([write(tx, { ...subject, at }, outcome), readStanding(tx, subject.deployId)]),
  )
  deps.logger.info({ deployId: subject.deployId, outcome: outcome.kind }, 'dispatch answered')
  return standing
}

async function write(
  tx: Statements,
  subject: Subject & { readonly at: Date },
  outcome: DispatchOutcome,
): Promise<unknown> {
  switch (outcome.kind) {
    case 'accepted':
      return allDone([
        advanceDeploy(tx, {
          ...subject,
          to: 'dispatched',
          event: {
            action: 'console.deploy.dispatched',
            status: 'dispatched',
            payload: { source: 'github', run_id: outcome.runId?.toString() ?? null },
          },
        }),
        outcome.runId === null ? Promise.resolve() : fillRun(tx, subject.deployId, outcome.runId),
      ])
    case 'refused':
      return advanceDeploy(tx, {
        ...subject,
        to: 'failed',
        // A callback that came meanwhile proved the opposite.
        onlyFrom: 'requested',
        failureStage: 'dispatch_failed',
        failureDetail: outcome.reason,
        event: {
          action: 'console.deploy.dispatch_refused',
          status: 'failed',
          payload: { http_status: outcome.httpStatus, reason: outcome.reason },
        },
      })
    case 'unknown':
      return appendAuditEvent(tx, subject, {
        action: 'console.deploy.dispatch_unknown',
        status: null,
        payload: { reason: outcome.reason },
      })
    default:
      return outcome satisfies never
  }
}
