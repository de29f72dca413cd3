import 'server-only'
import { type AuditAction, readAuditEvent } from '~/domain/audit/event'

type AuditRow = Parameters<typeof readAuditEvent>[0]

/** What went wrong beside the status: each alarm of the audit trail as a sentence, once. */
export function alarmsOf(rows: readonly AuditRow[]): string[] {
  const seen = rows.some(({ action }) => action === 'console.deploy.version_seen')
  const lasting = seen ? rows.filter(({ action }) => action !== 'console.deploy.other_version_runs') : rows
  return [...new Set(lasting.flatMap((row) => alarmOf(row) ?? []))]
}

/** A cancellation that GitHub refused, until the next one is asked for; one that GitHub has not taken, until it does. */
export function cancelRefusal(rows: readonly AuditRow[]): string[] {
  const last = rows.findLast(({ action }) => action.startsWith('console.deploy.cancel_'))
  const event = last === undefined ? null : readAuditEvent(last)
  if (last?.action === 'console.deploy.cancel_delayed') {
    const isRead = event?.action === 'console.deploy.cancel_delayed'
    return [isRead ? event.payload.reason : `The cancellation is delayed. ${UNREADABLE}`]
  }
  if (last?.action !== 'console.deploy.cancel_refused') return []
  const reason = event?.action === 'console.deploy.cancel_refused' ? event.payload.reason : UNREADABLE
  return [`This deploy was not cancelled and goes on. ${reason}`]
}

/** A newer version may have written the row. What it warns of holds all the same. */
const UNREADABLE = 'This version cannot read the details; look in the audit trail.'

const ALARMS_IN_WORDS: readonly string[] = [
  'console.deploy.runs_duplicated',
  'console.deploy.run_mismatch',
  'console.deploy.other_commit_reported',
  'console.deploy.other_version_runs',
  'console.deploy.record_disagrees',
] satisfies readonly AuditAction[]

function alarmOf(row: AuditRow): string | null {
  const event = readAuditEvent(row)
  if (event === null && ALARMS_IN_WORDS.includes(row.action)) {
    return `Something about this deploy contradicts itself (${row.action}). ${UNREADABLE} Do that before you rely on this deploy.`
  }
  switch (event?.action) {
    case 'console.deploy.runs_duplicated': {
      const runs = event.payload.run_ids
      return `GitHub lists ${runs.length} runs for this deploy: ${runs.join(', ')}. The console dispatched once and follows one; look at the others, and cancel what should not run.`
    }
    case 'console.deploy.run_mismatch': {
      const runs = event.payload
      return `Run ${runs.reported_run_id} reports to this deploy, which belongs to run ${runs.run_id}. Two runs may be shipping the same surface; look at both.`
    }
    case 'console.deploy.other_commit_reported': {
      const commits = event.payload
      return `The workflow reports that it deployed ${commits.reported_sha}. Commit ${commits.sha} was chosen for this deploy. Find out what the surface runs, and deploy the right commit.`
    }
    case 'console.deploy.other_version_runs': {
      const versions = event.payload
      const { sha, running_sha, seen_at } = versions
      return `The surface reported ${running_sha.slice(0, 7)}, seen ${seen_at.slice(0, 16).replace('T', ' ')} UTC; the workflow reported ${sha.slice(0, 7)} as deployed. Find out what the surface runs before you rely on this deploy.`
    }
    case 'console.deploy.record_disagrees': {
      const facts = event.payload
      return `The workflow reported “${facts.reported}”, and by GitHub’s record ${facts.recorded}. Look at the run before you rely on this deploy.`
    }
    default:
      return null
  }
}
