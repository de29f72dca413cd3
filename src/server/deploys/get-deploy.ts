import 'server-only'
import { isTransitionAction } from '~/domain/audit-event'
import { type DeployView, LOG_TAIL_LENGTH, type TimelineEntry } from '~/domain/deploy'
import { isTerminal } from '~/domain/deploy-status'
import { AppError } from '~/domain/errors'
import { phasesOf, type Transition } from '~/domain/phases'
import { occurredAt } from '~/server/db/audit'
import { readDeployRecord } from '~/server/db/deploy-record'
import { mayResolveRun, resolveRun } from '~/server/deploys/resolve-run'
import type { Deps } from '~/server/deps'
import { runUrl } from '~/server/github/web-urls'

/** Everything the modal shows of one deploy (contract.md, "Poll"). Throws `deploy_unknown`. */
export async function getDeploy(deps: Deps, id: string): Promise<DeployView> {
  const record = await readDeployRecord(deps.db, id, LOG_TAIL_LENGTH)
  if (record === null) throw new AppError('deploy_unknown', `There is no deploy ${id}.`)
  const { deploy, audit, log } = record
  const foundRun = mayResolveRun(deploy, deps.now()) ? await resolveRun(deps, deploy) : null
  const runId = deploy.githubRunId ?? foundRun
  return {
    id: deploy.id,
    status: deploy.status,
    terminal: isTerminal(deploy.status),
    phases: phasesOf({ ...deploy, transitions: transitionsOf(audit) }),
    failureStage: deploy.failureStage,
    failureDetail: deploy.failureDetail,
    ref: deploy.ref,
    sha: deploy.sha,
    reason: deploy.reason,
    requestedBy: deploy.requestedBy,
    requestedAt: deploy.requestedAt.toISOString(),
    finishedAt: deploy.finishedAt?.toISOString() ?? null,
    surface: {
      id: deploy.surface.id,
      name: deploy.surface.name,
      environment: deploy.surface.environment,
      url: deploy.surface.url,
    },
    repository: deploy.repository,
    workflow: deploy.workflow,
    runId: runId?.toString() ?? null,
    runAttempt: deploy.githubRunAttempt,
    runUrl: runId === null ? null : runUrl(deps.config.githubApiUrl, deploy.repository, runId),
    timeline: audit.map(timelineEntry),
    logTail: log.lines,
    logCursor: log.cursor,
  }
}

interface AuditRow {
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly status: string | null
  readonly payload: unknown
}

/** The accepted transitions among a deploy's audit rows, oldest first. */
function transitionsOf(rows: readonly AuditRow[]): Transition[] {
  return rows.flatMap(({ action, status, at, payload }) =>
    status !== null && isTransitionAction(action) ? [{ status, at: occurredAt(payload) ?? at.toISOString() }] : [],
  )
}

function timelineEntry(row: AuditRow): TimelineEntry {
  return {
    at: occurredAt(row.payload) ?? row.at.toISOString(),
    actor: row.actor,
    action: row.action,
    status: row.status,
    note: noteOf(row),
  }
}

/** Says in a sentence what the status alone does not. */
function noteOf({ action, status, payload }: AuditRow): string | null {
  const text = (key: string) => {
    const value = typeof payload === 'object' && payload !== null ? Reflect.get(payload, key) : undefined
    return typeof value === 'string' ? value : ''
  }
  switch (action) {
    case 'console.deploy.callback_rejected':
      return `Callback "${status}" refused: the deploy stood at ${text('from')}.`
    case 'console.deploy.dispatch_refused':
    case 'console.deploy.dispatch_unknown':
      return text('reason')
    case 'console.deploy.reconciled':
      return `From GitHub’s record: ${text('proof')}.`
    case 'console.deploy.run_found':
      return `Run ${text('run_id')} belongs to this deploy.`
    case 'console.deploy.run_mismatch':
      return `A callback named run ${text('reported_run_id')}; run ${text('run_id')} stays on record.`
    default:
      return null
  }
}
