import { type AuditEvent, readAuditEvent } from '~/domain/audit/event'
import type { EventProof } from '~/domain/deploy/event-proof'
import { ARMED_ACTOR } from '~/domain/deploy/watch'

/** Null for a row that a newer version wrote: its proof is not known. */
export function proofOfEvent(
  row: Parameters<typeof readAuditEvent>[0] & { readonly actor: string },
): EventProof | null {
  const event = readAuditEvent(row)
  if (event === null) return null
  // The console disarms because of what it was answered, or what it reads in its own record.
  if (event.action === 'console.rollback.disarmed' && event.payload.because === 'other_version') return 'prober'
  const proof = proofOf(event)
  if (proof === 'person' && (row.actor === 'console' || row.actor === ARMED_ACTOR)) return 'console'
  return proof === 'person' && row.actor.startsWith('token:') ? 'token' : proof
}

function proofOf(event: AuditEvent): EventProof {
  switch (event.action) {
    case 'console.deploy.callback':
    case 'console.deploy.callback_rejected':
    case 'console.deploy.run_mismatch':
    case 'console.deploy.other_commit_reported':
      return 'callback'
    case 'console.deploy.dispatched':
      return event.payload.source === 'callback' ? 'callback' : 'github_answer'
    case 'console.deploy.dispatch_refused':
    case 'console.deploy.cancel_acknowledged':
    case 'console.deploy.cancel_refused':
      return 'github_answer'
    case 'console.deploy.run_found':
    case 'console.deploy.run_attempt':
      return event.payload.source === 'callback' ? 'callback' : 'github_record'
    case 'console.deploy.reconciled':
    case 'console.deploy.end_confirmed':
    case 'console.deploy.record_disagrees':
    case 'console.deploy.late_run':
    case 'console.deploy.late_run_over':
    case 'console.deploy.runs_duplicated':
    case 'console.deploy.ref_moved':
      return 'github_record'
    case 'console.deploy.health_checked':
    case 'console.deploy.version_seen':
    case 'console.deploy.other_version_runs':
    case 'console.rollback.watched':
    case 'console.rollback.offered':
    case 'console.rollback.armed':
      return 'prober'

    case 'console.deploy.gate_approved':
    case 'console.deploy.gate_rejected':
      return PROOF_OF_REVIEW[event.payload.outcome]
    case 'console.deploy.requested':
    case 'console.deploy.freeze_overridden':
    case 'console.deploy.given_up':
    case 'console.deploy.released':
    case 'console.deploy.cancel_requested':
    case 'console.deploy.evidence_written':
    case 'console.approval.requested':
    case 'console.approval.granted':
    case 'console.approval.refused':
    case 'console.approval.withdrawn':
    case 'console.queue.requested':
    case 'console.queue.withdrawn':
    case 'console.queue.replaced':
    case 'console.queue.continued':
    case 'console.delivery.resent':
    case 'console.rollback.disarmed':
      return 'person'
    default:
      return 'console'
  }
}

/** A row before GitHub is asked records what the person decided; the row after it what GitHub answered, if it answered. */
const PROOF_OF_REVIEW = {
  asked: 'person',
  accepted: 'github_answer',
  refused: 'github_answer',
  unknown: 'console',
} as const satisfies Record<
  Extract<AuditEvent, { action: 'console.deploy.gate_approved' }>['payload']['outcome'],
  EventProof
>
