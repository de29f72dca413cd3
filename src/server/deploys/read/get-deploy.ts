import 'server-only'
import { type AuditEvent, readAuditEvent } from '~/domain/audit/event'
import { isTerminal } from '~/domain/deploy/status'
import { type DeployView, LOG_TAIL_LENGTH, type TimelineEntry } from '~/domain/deploy/view'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { cancelOf } from '~/server/deploys/cancel/cancel-deploy'
import { accountOfRow } from '~/server/deploys/deploy-account'
import { type DeployRecord, type RecordedEvent, readDeployRecord } from '~/server/deploys/read/deploy-record'
import { alarmsOf, cancelRefusal } from '~/server/deploys/read/warnings'
import { mayResolveRun, resolveRun } from '~/server/deploys/runs/resolve-run'
import type { Deps } from '~/server/deps'
import { runUrl } from '~/server/github/web-urls'

/** Everything the modal shows of one deploy (docs/contract.md, "Poll"). Throws `deploy_unknown`. */
export async function getDeploy(deps: Deps, id: string): Promise<DeployView> {
  const record = await readDeployRecord(deps.db, id, LOG_TAIL_LENGTH)
  if (record === null) throw new AppError('deploy_unknown', `There is no deploy ${id}.`)
  const { deploy, owner, transitions, timeline, log } = record
  const alarms = alarmsOf(record.alarms)
  const asksGitHub = mayResolveRun(deploy, deps.now())
  const runId = deploy.githubRunId ?? (asksGitHub ? await resolveRun(deps, deploy) : null)
  const account = accountOfRow({ ...deploy, githubRunId: runId }, transitions, deploy.surface.reportedSha)
  return {
    id: deploy.id,
    status: deploy.status,
    terminal: isTerminal(deploy.status),
    ...account,
    failureStage: deploy.failureStage,
    failureDetail: deploy.failureDetail,
    ref: deploy.ref,
    sha: deploy.sha,
    reason: deploy.reason,
    overrideReason: deploy.overrideReason,
    kind: deploy.kind,
    approvedBy: deploy.approvedBy,
    requestedBy: deploy.requestedBy,
    requestedByOwner: owner,
    requestedAt: deploy.requestedAt.toISOString(),
    finishedAt: deploy.finishedAt?.toISOString() ?? null,
    surface: deploy.surface,
    repository: deploy.repository,
    workflow: deploy.workflow,
    runId: runId?.toString() ?? null,
    runAttempt: deploy.githubRunAttempt,
    runUrl: runId === null ? null : runUrl(deps.config.githubApiUrl, deploy.repository, runId),
    lateRunUrl:
      deploy.lateRunId === null || deploy.lateRunId === runId
        ? null
        : runUrl(deps.config.githubApiUrl, deploy.repository, deploy.lateRunId),
    cancel: cancelOf(deploy),
    warnings: [...silenceOf(deploy), ...alarms, ...(isTerminal(deploy.status) ? [] : cancelRefusal(record.alarms))],
    alarms,
    timeline: timeline.map(timelineEntry),
    logTail: log.lines,
    logCursor: log.cursor,
  }
}

/** Of a deploy that is still looked after. */
function silenceOf({ githubSilentSince, status, holdsSurface }: DeployRecord['deploy']): string[] {
  if (githubSilentSince === null || (isTerminal(status) && !holdsSurface)) return []
  const since = githubSilentSince.toISOString().slice(0, 16).replace('T', ' ')
  return [`GitHub has not answered about this deploy since ${since} UTC. Nothing is concluded from that.`]
}

function timelineEntry(row: RecordedEvent): TimelineEntry {
  return {
    at: row.at,
    actor: row.actor,
    action: row.action,
    status: row.status,
    note: noteOf(row),
  }
}

type Rejection = Extract<AuditEvent, { action: 'console.deploy.callback_rejected' }>

function rejectionNote(status: string, { reason, from, mismatch = '' }: Rejection['payload']): string {
  switch (reason) {
    case 'attempt_superseded':
      return `Callback “${status}” of an earlier attempt refused: the deploy goes on with the latest.`
    case 'reporter_refused':
      return `Callback “${status}” refused: its sender may not report about this deploy (${mismatch}).`
    case 'run_required':
      return `Callback “${status}” refused: it did not name its run.`
    case 'run_mismatch':
      return `Callback “${status}” of another run refused: the deploy follows the one on record.`
    default:
      return `Callback “${status}” refused: the deploy stood at ${from}.`
  }
}

/** Whom a delivery told, as the timeline names it. */
const told = (name: string | undefined) => (name === undefined ? 'Slack' : inSentence(name))

/** Says in a sentence what the status alone does not. */
function noteOf(row: RecordedEvent): string | null {
  const event = readAuditEvent(row)
  if (event === null) return null
  switch (event.action) {
    case 'console.deploy.callback_rejected':
      return rejectionNote(event.status, event.payload)
    case 'console.deploy.dispatch_refused':
    case 'console.deploy.dispatch_unknown':
      return event.payload.reason
    case 'console.deploy.freeze_overridden':
      return `Freeze overridden: “${inSentence(event.payload.reason)}”.`
    case 'console.approval.granted':
      return `Approved, as asked for by ${inSentence(event.payload.requested_by)}.`
    case 'console.deploy.reconciled':
      return `From GitHub’s record: ${event.payload.proof}.`
    case 'console.deploy.rolled_back':
      return `Failed by a rollback of the database’s schema; it stood at ${event.payload.from}.`
    case 'console.deploy.given_up':
      return `Given up: “${event.payload.reason}”. No run was seen; GitHub may still start one.`
    case 'console.deploy.released':
      return `The surface was released: “${event.payload.reason}”.`
    case 'console.deploy.late_run':
      return `Run ${event.payload.run_id} was seen after this deploy had ended. It holds the surface.`
    case 'console.deploy.late_run_over':
      return `Run ${event.payload.run_id} is over and no longer holds the surface.`
    case 'console.deploy.end_confirmed':
      return `GitHub’s record of run ${event.payload.run_id} was read; it ended as “${event.payload.conclusion ?? ''}”.`
    case 'console.deploy.record_disagrees':
      return `Alarm: GitHub’s record contradicts “${event.payload.reported}”: ${event.payload.recorded}.`
    case 'console.deploy.run_found':
      return `Run ${event.payload.run_id} belongs to this deploy.`
    case 'console.deploy.run_mismatch':
      return `A callback named run ${event.payload.reported_run_id}; run ${event.payload.run_id} stays on record.`
    case 'console.deploy.other_commit_reported':
      return `The workflow reports commit ${event.payload.reported_sha}; ${event.payload.sha} was chosen.`
    case 'console.deploy.other_version_runs':
      return `The surface reported ${event.payload.running_sha}; the workflow reported ${event.payload.sha} as deployed.`
    case 'console.deploy.version_seen':
      return `The surface reports ${event.payload.sha}.`
    case 'console.deploy.cancel_requested':
      return 'Cancellation asked for.'
    case 'console.deploy.cancel_acknowledged':
      return `GitHub is cancelling run ${event.payload.run_id}.`
    case 'console.deploy.cancel_delayed':
      return event.payload.reason
    case 'console.deploy.cancel_refused':
      return `GitHub would not cancel: ${event.payload.reason}`
    case 'console.notification.sent':
      return `${told(event.payload.name)} was told how it ended.`
    case 'console.notification.not_sent':
      return event.payload.outcome === 'unknown'
        ? `${told(event.payload.name)} may not have been told: ${event.payload.reason}.${event.payload.channel === 'webhook' ? '' : ' It is not posted twice.'}`
        : `${told(event.payload.name)} was not told: ${event.payload.reason}.`
    case 'console.delivery.resent':
      return `It is sent to ${told(event.payload.name)} again.`
    case 'console.deploy.run_attempt':
      return isTerminal(event.payload.stood_at)
        ? `Run ${event.payload.run_id} was run again on GitHub. This deploy had ended and stays as it is.`
        : `Run ${event.payload.run_id} was run again on GitHub; this deploy goes on with the latest attempt.`
    case 'console.deploy.runs_duplicated':
      return 'Alarm: GitHub lists more than one run for this deploy.'
    default:
      return null
  }
}
