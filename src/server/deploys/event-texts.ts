import 'server-only'
import { type AuditAction, type AuditEvent, readAuditEvent } from '~/domain/audit/event'
import { CHANNELS } from '~/domain/delivery'
import { isTerminal } from '~/domain/deploy/status'
import { inSentence } from '~/domain/foreign-text'
import { refLabel, shortSha } from '~/domain/ref'
import { clockUtc, minuteUtc } from '~/domain/utc-time'
import { DISARMED } from '~/server/deploys/deploy-watch'

type AuditRow = Parameters<typeof readAuditEvent>[0]

/** The alarms of the audit trail as sentences, each once. */
export function describeAlarms(rows: readonly AuditRow[]): string[] {
  const hasReportedCommit = rows.some(({ action }) => action === 'console.deploy.version_seen')
  const lasting = hasReportedCommit ? rows.filter(({ action }) => action !== 'console.deploy.other_version_runs') : rows
  return [...new Set(lasting.flatMap((row) => describeAlarm(row) ?? []))]
}

/** The last cancellation, if GitHub refused it or has not accepted it yet. A later request or acceptance ends the warning. */
export function describeCancelRefusal(rows: readonly AuditRow[]): string[] {
  const last = rows.findLast(({ action }) => action.startsWith('console.deploy.cancel_'))
  const event = last === undefined ? null : readAuditEvent(last)
  if (last?.action === 'console.deploy.cancel_delayed') {
    const isReadable = event?.action === 'console.deploy.cancel_delayed'
    return [isReadable ? event.payload.reason : `The cancellation is delayed. ${UNREADABLE}`]
  }
  if (last?.action !== 'console.deploy.cancel_refused') return []
  const reason = event?.action === 'console.deploy.cancel_refused' ? event.payload.reason : UNREADABLE
  return [`This deploy was not cancelled and continues. ${reason}`]
}

/** A newer version of the console may have written the row. Its warning still holds. */
const UNREADABLE = 'This version cannot read the details. Read them in the audit trail.'

const DESCRIBED_ALARMS: readonly string[] = [
  'console.deploy.runs_duplicated',
  'console.deploy.run_mismatch',
  'console.deploy.other_commit_reported',
  'console.deploy.other_version_runs',
  'console.deploy.ref_moved',
  'console.deploy.record_disagrees',
] satisfies readonly AuditAction[]

function describeAlarm(row: AuditRow): string | null {
  const event = readAuditEvent(row)
  if (event === null && DESCRIBED_ALARMS.includes(row.action)) {
    return `Reports about this deploy contradict each other (${row.action}), and this version cannot read the details. Read them in the audit trail before you rely on this deploy.`
  }
  switch (event?.action) {
    case 'console.deploy.runs_duplicated': {
      const runs = event.payload.run_ids
      return `GitHub lists ${runs.length} runs for this deploy: ${runs.join(', ')}. The console dispatched once and follows one run. Check the other runs, and cancel those that should not ship.`
    }
    case 'console.deploy.run_mismatch': {
      const runs = event.payload
      return `Run ${runs.reported_run_id} reports to this deploy, which belongs to run ${runs.run_id}. Both runs may be changing the surface. Check both runs.`
    }
    case 'console.deploy.other_commit_reported': {
      const commits = event.payload
      return `The workflow reports that it deployed ${commits.reported_sha}, but this deploy is for ${commits.sha}. Find out what the surface runs, and deploy the right commit.`
    }
    case 'console.deploy.ref_moved': {
      const then =
        event.payload.on_moved === 'continue'
          ? 'The surface lets such a deploy continue. Review the commit that ships.'
          : `${event.payload.cancels ? 'The console requested a cancel.' : 'The run was over before it could be cancelled.'} Find out what the surface runs, then review the deploy again.`
      return `${movedSentence(event.payload)} ${then}`
    }
    case 'console.deploy.other_version_runs': {
      const { sha, running_sha, seen_at } = event.payload
      return `The surface reported ${shortSha(running_sha)} at ${minuteUtc(seen_at)}, but the workflow reported ${shortSha(sha)} as deployed. Find out what the surface runs before you rely on this deploy.`
    }
    case 'console.deploy.record_disagrees': {
      const facts = event.payload
      return `The workflow reported “${facts.reported}”, but GitHub’s record says: ${facts.recorded}. Check the run before you rely on this deploy.`
    }
    default:
      return null
  }
}

type Moved = Extract<AuditEvent, { action: 'console.deploy.ref_moved' }>['payload']

function movedSentence({ ref, reviewed_sha, head_sha }: Moved): string {
  const reviewed = reviewed_sha === null ? 'another commit' : shortSha(reviewed_sha)
  return `The ref ${inSentence(refLabel(ref))} was at ${reviewed} in the review, and at ${shortSha(head_sha)} when GitHub started the run.`
}

type Rejection = Extract<AuditEvent, { action: 'console.deploy.callback_rejected' }>

function describeRejection(status: string, { reason, from, mismatch = '' }: Rejection['payload']): string {
  switch (reason) {
    case 'attempt_superseded':
      return `Refused callback “${status}” of an earlier attempt. The deploy follows the latest attempt.`
    case 'reporter_refused':
      return `Refused callback “${status}”: its sender may not report about this deploy (${mismatch}).`
    case 'run_required':
      return `Refused callback “${status}”: it did not name its run.`
    case 'run_mismatch':
      return `Refused callback “${status}” of another run. The deploy follows the run on record.`
    default:
      return `Refused callback “${status}”: the deploy was at ${from}.`
  }
}

type Review = Extract<AuditEvent, { action: 'console.deploy.gate_approved' }>['payload']

function describeReview(what: string, { environment, comment, outcome, detail = '' }: Review): string {
  const subject = `the ${what} of the environment “${inSentence(environment)}”`
  switch (outcome) {
    case 'asked':
      return `Sends GitHub ${subject}, with the comment “${inSentence(comment)}”.`
    case 'accepted':
      return `GitHub took ${subject}.`
    case 'refused':
      return `GitHub did not take ${subject}. ${detail}`
    default:
      return `It is not known whether GitHub took ${subject}. ${detail}`
  }
}

/** What a delivery tells. */
const toldOf = ({ about }: { readonly about?: 'unhealthy' }) => (about === undefined ? 'Outcome' : 'Warning')

const waitWords = (seconds: number): string => (seconds < 60 ? 'less than a minute' : `${Math.round(seconds / 60)} min`)

const channelName = (name: string | undefined) => (name === undefined ? 'Slack' : inSentence(name))

/** One sentence that adds what the status alone does not show; null when there is nothing to add. */
export function describeEvent(row: AuditRow): string | null {
  const event = readAuditEvent(row)
  if (event === null) return null
  switch (event.action) {
    case 'console.deploy.callback_rejected':
      return describeRejection(event.status, event.payload)
    case 'console.deploy.dispatch_refused':
    case 'console.deploy.dispatch_unknown':
      return event.payload.reason
    case 'console.deploy.freeze_overridden':
      return `Freeze overridden: “${inSentence(event.payload.reason)}”.`
    case 'console.deploy.freeze_passed':
      return event.payload.because === 'rollback'
        ? 'A freeze was in force, and lets rollbacks pass.'
        : 'The surface was locked by the requester.'
    case 'console.freeze.opened':
      return `The surface was locked until somebody unlocks it: “${inSentence(event.payload.reason)}”.`
    case 'console.approval.granted':
      return `Approved. Requested by ${inSentence(event.payload.requested_by)}.`
    case 'console.queue.taken':
      return `Its turn in the queue came, after ${waitWords(event.payload.waited_seconds)}.`
    case 'console.queue.continued':
      return event.payload.despite === undefined
        ? 'The queue goes on after this deploy.'
        : `The queue goes on after this deploy, in spite of: “${inSentence(event.payload.despite)}”`
    case 'console.deploy.reconciled':
      return `From GitHub’s record: ${event.payload.proof}.`
    case 'console.deploy.health_checked':
      return `The console asked the surface: it ${event.payload.seen}.`
    case 'console.deploy.rolled_back':
      return `Failed by a rollback of the database’s schema. The deploy was at ${event.payload.from}.`
    case 'console.deploy.given_up':
      return `Given up: “${event.payload.reason}”. No run was seen. GitHub may still start one.`
    case 'console.deploy.released':
      return `The surface was released: “${event.payload.reason}”.`
    case 'console.deploy.late_run':
      return `Run ${event.payload.run_id} was seen after this deploy had ended. The run holds the surface.`
    case 'console.deploy.late_run_over':
      return `Run ${event.payload.run_id} is over and no longer holds the surface.`
    case 'console.deploy.end_confirmed':
      return `GitHub’s record of run ${event.payload.run_id} was read. The run ended as “${event.payload.conclusion ?? ''}”.`
    case 'console.deploy.record_disagrees':
      return `Alarm: GitHub’s record contradicts “${event.payload.reported}”: ${event.payload.recorded}.`
    case 'console.deploy.run_found':
      return `Run ${event.payload.run_id} belongs to this deploy.`
    case 'console.deploy.run_mismatch':
      return `A callback named run ${event.payload.reported_run_id}. Run ${event.payload.run_id} stays on record.`
    case 'console.deploy.ref_moved':
      return movedSentence(event.payload)
    case 'console.deploy.other_commit_reported':
      return `The workflow reports commit ${event.payload.reported_sha}, but this deploy is for ${event.payload.sha}.`
    case 'console.deploy.other_version_runs':
      return `The surface reported ${event.payload.running_sha}, but the workflow reported ${event.payload.sha} as deployed.`
    case 'console.deploy.version_seen':
      return `The surface reports ${event.payload.sha}.`
    case 'console.deploy.evidence_written':
      return `Evidence file written, SHA-256 ${event.payload.content_sha256}.`
    case 'console.deploy.cancel_requested':
      return 'Cancellation requested.'
    case 'console.deploy.cancel_acknowledged':
      return `GitHub is cancelling run ${event.payload.run_id}.`
    case 'console.deploy.cancel_delayed':
      return event.payload.reason
    case 'console.deploy.cancel_refused':
      return `GitHub did not cancel: ${event.payload.reason}`
    case 'console.deploy.gate_approved':
      return describeReview('approval', event.payload)
    case 'console.deploy.gate_rejected':
      return describeReview('rejection', event.payload)
    case 'console.rollback.watched':
      return `The surface is healthy with this deploy, and is watched until ${clockUtc(event.payload.until)}.`
    case 'console.rollback.offered':
      return `The surface turned unhealthy: ${inSentence(event.payload.detail)}, ${event.payload.probes} times in a row. ${
        event.payload.reason === undefined
          ? 'People were asked to roll back.'
          : `The console does not roll back: ${event.payload.reason}`
      }`
    case 'console.rollback.armed':
      return `The surface turned unhealthy: ${inSentence(event.payload.detail)}, ${event.payload.probes} times in a row. The console rolls back to ${shortSha(event.payload.to_sha ?? '')}.`
    case 'console.rollback.started':
      return event.payload.rollback_deploy_id === undefined
        ? 'The console asked for the approval of the rollback.'
        : `The console requested the rollback, deploy ${event.payload.rollback_deploy_id}.`
    case 'console.rollback.not_started':
      return `The console did not roll back: ${event.payload.reason} It does not try again.`
    case 'console.rollback.disarmed':
      return `The armed rollback was disarmed. ${DISARMED[event.payload.because]}`
    case 'console.notification.sent':
      return `${toldOf(event.payload)} sent to ${channelName(event.payload.name)}.`
    case 'console.notification.not_sent':
      return event.payload.outcome === 'unknown'
        ? `${toldOf(event.payload)} may not have reached ${channelName(event.payload.name)}: ${event.payload.reason}.${CHANNELS[event.payload.channel].knowsDuplicates ? '' : ' It is not sent again.'}`
        : `${toldOf(event.payload)} not sent to ${channelName(event.payload.name)}: ${event.payload.reason}.`
    case 'console.delivery.resent':
      return `Outcome queued again for ${channelName(event.payload.name)}.`
    case 'console.deploy.run_attempt':
      return isTerminal(event.payload.stood_at)
        ? `Run ${event.payload.run_id} was run again on GitHub. This deploy had ended and keeps its status.`
        : `Run ${event.payload.run_id} was run again on GitHub. This deploy follows the latest attempt.`
    case 'console.deploy.runs_duplicated':
      return 'Alarm: GitHub lists more than one run for this deploy.'
    default:
      return null
  }
}
