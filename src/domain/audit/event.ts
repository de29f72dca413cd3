import type { ChannelKind } from '~/domain/delivery'
import type { CallbackWay } from '~/domain/deploy/callback'
import type { DeployStatus, Shipped } from '~/domain/deploy/status'
import type { LinkKind } from '~/domain/member'
import type { Role } from '~/domain/permissions'

/**
 * Everything the audit trail records, told apart by `action` (docs/contract.md, "Audit").
 * These are stored rows: changing a payload's meaning needs a thought for the rows already written.
 */
export type AuditEvent =
  /** An operator asked; the intent row was committed in the same transaction. */
  | { readonly action: 'console.deploy.requested'; readonly status: 'requested'; readonly payload: RequestedPayload }
  /** The console itself refused to dispatch; no deploy was recorded. What was typed is never kept. */
  | {
      readonly action: 'console.deploy.dispatch_rejected'
      readonly status: null
      readonly payload: TokenOwner & {
        readonly code: string
        readonly ref: string
        readonly details: Record<string, string>
      }
    }
  /** GitHub accepted the dispatch, or a callback proved that it had. */
  | {
      readonly action: 'console.deploy.dispatched'
      readonly status: 'dispatched'
      readonly payload: { readonly source: 'github' | 'callback'; readonly run_id: string | null }
    }
  /** GitHub answered that it will not dispatch. */
  | {
      readonly action: 'console.deploy.dispatch_refused'
      readonly status: 'failed'
      readonly payload: { readonly http_status: number; readonly reason: string }
    }
  /** Nobody knows yet whether GitHub dispatched; the deploy holds its surface until that is found out. */
  | {
      readonly action: 'console.deploy.dispatch_unknown'
      readonly status: null
      readonly payload: { readonly reason: string }
    }
  /** A signed callback moved the deploy. */
  | { readonly action: 'console.deploy.callback'; readonly status: DeployStatus; readonly payload: CallbackPayload }
  /** A signed callback was refused; its log line was kept. */
  | {
      readonly action: 'console.deploy.callback_rejected'
      readonly status: string
      readonly payload: CallbackPayload & {
        readonly allowed: readonly string[]
        readonly reason: string
        /** Of a sender who may not report: what does not fit. */
        readonly mismatch?: string
      }
    }
  /** GitHub's own record moved the deploy where no callback had. `occurred_at` is GitHub's time. */
  | {
      readonly action: 'console.deploy.reconciled'
      readonly status: DeployStatus
      readonly payload: {
        readonly source: 'github'
        readonly from: string
        readonly proof: string
        readonly occurred_at: string
        readonly failure_stage?: string
        /** The conclusion of the run led here; no job or step of the phase is on record. */
        readonly implied?: boolean
      }
    }
  /** Somebody gave up a deploy whose run nobody has seen. GitHub may still start it. */
  | {
      readonly action: 'console.deploy.given_up'
      readonly status: 'cancelled'
      readonly payload: { readonly from: string; readonly reason: string } & TokenOwner
    }
  /** GitHub's record of the run was read after the deploy had ended. `shipped`: what is proven since. */
  | {
      readonly action: 'console.deploy.end_confirmed'
      readonly status: null
      readonly payload: {
        readonly run_id: string
        readonly run_attempt: number
        readonly conclusion: string | null
        readonly shipped: Shipped
      }
    }
  /** What a callback reported and GitHub's record of the run contradict each other. */
  | {
      readonly action: 'console.deploy.record_disagrees'
      readonly status: null
      readonly payload: { readonly run_id: string; readonly reported: string; readonly recorded: string }
    }
  /** A run of the deploy was seen active after the deploy had ended: listed late, or started again. It holds the surface. */
  | {
      readonly action: 'console.deploy.late_run'
      readonly status: null
      readonly payload: { readonly run_id: string; readonly run_attempt: number; readonly stood_at: string }
    }
  /** That run is over, and with it the hold. */
  | {
      readonly action: 'console.deploy.late_run_over'
      readonly status: null
      readonly payload: { readonly run_id: string; readonly conclusion: string | null }
    }
  /** Somebody freed the surface from a deploy that held it. */
  | {
      readonly action: 'console.deploy.released'
      readonly status: null
      readonly payload: {
        readonly stood_at: string
        readonly run_id: string | null
        readonly reason: string
      } & TokenOwner
    }
  /** The schema was rolled back below the status the deploy stood at. Written by that migration's rollback.sql. */
  | {
      readonly action: 'console.deploy.rolled_back'
      readonly status: 'failed'
      readonly payload: { readonly from: string; readonly migration: string }
    }
  /** The run of the deploy became known. */
  | {
      readonly action: 'console.deploy.run_found'
      readonly status: null
      readonly payload: { readonly source: 'github' | 'callback'; readonly run_id: string }
    }
  /** A callback named another run than the one on record, which stays. */
  | {
      readonly action: 'console.deploy.run_mismatch'
      readonly status: null
      readonly payload: { readonly run_id: string; readonly reported_run_id: string }
    }
  /** Alarm: the run reports another commit than the one on record, which was reviewed or approved and stays. */
  | {
      readonly action: 'console.deploy.other_commit_reported'
      readonly status: null
      readonly payload: { readonly sha: string; readonly reported_sha: string }
    }
  /** Alarm: the deploy succeeded, and the surface, asked twice after its end, reports another version. */
  | {
      readonly action: 'console.deploy.other_version_runs'
      readonly status: null
      readonly payload: { readonly sha: string; readonly running_sha: string; readonly seen_at: string }
    }
  /** The surface, asked after the deploy had succeeded, reports its commit. */
  | {
      readonly action: 'console.deploy.version_seen'
      readonly status: null
      readonly payload: { readonly sha: string; readonly seen_at: string }
    }
  /** An operator asked for the deploy's end. */
  | {
      readonly action: 'console.deploy.cancel_requested'
      readonly status: null
      readonly payload: { readonly run_id: string | null } & TokenOwner
    }
  /** GitHub took the request (202): it is ending the run, and will say when it has ended. */
  | {
      readonly action: 'console.deploy.cancel_acknowledged'
      readonly status: null
      readonly payload: { readonly run_id: string }
    }
  /** GitHub will not cancel; the request is taken back. */
  | {
      readonly action: 'console.deploy.cancel_refused'
      readonly status: null
      readonly payload: { readonly http_status: number; readonly reason: string }
    }
  /** GitHub has not taken a cancellation; it is kept and sent again: after a rate limit (`until`), else soon. */
  | {
      readonly action: 'console.deploy.cancel_delayed'
      readonly status: null
      readonly payload: { readonly until: string | null; readonly reason: string }
    }
  /** People were told how the deploy ended. */
  | {
      readonly action: 'console.notification.sent'
      readonly status: null
      readonly payload: ToldPayload & { readonly outcome: 'sent' }
    }
  /** They were not, for good (`failed`), or nobody can know (`unknown`), and it is not posted again. */
  | {
      readonly action: 'console.notification.not_sent'
      readonly status: null
      readonly payload: ToldPayload & { readonly outcome: 'failed' | 'unknown'; readonly reason: string }
    }
  /** Somebody ran the run again on GitHub. `stood_at`: where the deploy stood then; an ended one does not move. */
  | {
      readonly action: 'console.deploy.run_attempt'
      readonly status: null
      readonly payload: {
        readonly source: 'github' | 'callback'
        readonly run_id: string
        readonly run_attempt: number
        readonly stood_at: string
      }
    }
  /** Alarm: more than one run carries the deploy's id. */
  | {
      readonly action: 'console.deploy.runs_duplicated'
      readonly status: null
      readonly payload: { readonly run_ids: readonly string[] }
    }
  /** A deploy was let through in spite of the freezes named. */
  | {
      readonly action: 'console.deploy.freeze_overridden'
      readonly status: null
      readonly payload: { readonly reason: string; readonly freeze_ids: readonly string[] }
    }
  /** Somebody asked for a deploy that takes a second person; the approval was committed in the same transaction. */
  | {
      readonly action: 'console.approval.requested'
      readonly status: null
      readonly payload: ApprovalPayload & {
        readonly reason: string | null
        readonly override_reason: string | null
        readonly expires_at: string
      }
    }
  /** Another person said yes (the intent of the deploy was committed in the same transaction) or no, or who asked took it back. */
  | {
      readonly action: 'console.approval.granted' | 'console.approval.withdrawn' | 'console.approval.expired'
      readonly status: null
      readonly payload: ApprovalPayload
    }
  | {
      readonly action: 'console.approval.refused'
      readonly status: null
      readonly payload: ApprovalPayload & { readonly reason: string }
    }
  /** Somebody tried to grant it and the facts, or who they are, spoke against it; it goes on waiting. */
  | {
      readonly action: 'console.approval.not_granted'
      readonly status: null
      readonly payload: {
        readonly approval_id: string
        readonly code: string
        readonly details: Record<string, string>
      }
    }
  /** A window over an environment was opened, or a surface was locked. */
  | { readonly action: 'console.freeze.opened'; readonly status: null; readonly payload: FreezePayload }
  /** It was ended before its time, or the lock was taken away. */
  | { readonly action: 'console.freeze.lifted'; readonly status: null; readonly payload: FreezePayload }
  /** A flag was switched on (promoted) or off (demoted) for one environment. `was`: what it was there before. */
  | {
      readonly action: 'console.flag.promoted' | 'console.flag.demoted'
      readonly status: null
      readonly payload: { readonly flag: string; readonly environment: string; readonly was: boolean }
    }
  /** A promotion or demotion the rollout does not allow; nothing was changed. */
  | {
      readonly action: 'console.flag.change_refused'
      readonly status: null
      readonly payload: {
        readonly flag: string
        readonly environment: string
        readonly change: 'promote' | 'demote'
        readonly reason: string
      }
    }
  /** An API token was made, or taken away. Never the token itself. */
  | { readonly action: 'console.token.created'; readonly status: null; readonly payload: TokenPayload }
  | { readonly action: 'console.token.revoked'; readonly status: null; readonly payload: TokenPayload }
  /** A channel for deliveries was added, switched, removed, or sent a test. Never its address or its secret. */
  | {
      readonly action: 'console.channel.added' | 'console.channel.removed' | 'console.channel.tested'
      readonly status: null
      readonly payload: ChannelPayload
    }
  | {
      readonly action: 'console.channel.changed'
      readonly status: null
      readonly payload: ChannelPayload & { readonly change: 'enabled' | 'disabled' }
    }
  /** Somebody had a delivery sent again. */
  | {
      readonly action: 'console.delivery.resent'
      readonly status: null
      readonly payload: ChannelPayload & { readonly delivery_id: string; readonly stood_at: string }
    }
  /** A surface was declared, changed, archived or brought back by the seeder. */
  | {
      readonly action: 'console.surface.seeded'
      readonly status: null
      readonly payload: {
        readonly change: 'declared' | 'changed' | 'archived' | 'restored'
        /** What protects the surface less than it did before, as surfaces.yaml names it. */
        readonly weakened?: readonly string[]
      }
    }
  /** Somebody signed in. `method`: password, link, or the provider's name. */
  | { readonly action: 'console.session.opened'; readonly status: null; readonly payload: { readonly method: string } }
  /** Somebody who is signed in confirmed who they are, for something grave. */
  | {
      readonly action: 'console.session.proved'
      readonly status: null
      readonly payload: { readonly method: 'password' | 'passkey' | 'sandbox' }
    }
  /** Somebody changed their own account, or what it signs in with. */
  | {
      readonly action: 'console.account.changed'
      readonly status: null
      readonly payload: { readonly change: AccountChange }
    }
  /** A provider's account was not connected to the actor's: who the provider says it was, and why. */
  | {
      readonly action: 'console.account.connection_refused'
      readonly status: null
      readonly payload: RefusedIdentity & { readonly provider: string }
    }
  /** Accounts of a provider from before issuers were kept now belong to this issuer. */
  | {
      readonly action: 'console.account.issuer_bound'
      readonly status: null
      readonly payload: { readonly provider: string; readonly issuer: string; readonly accounts: number }
    }
  /** Somebody did not get in (`refused`), and has to wait before the next try (`locked`). */
  | { readonly action: 'console.session.refused'; readonly status: null; readonly payload: RefusedPayload }
  | {
      readonly action: 'console.session.locked'
      readonly status: null
      readonly payload: RefusedPayload & { readonly locked_until: string }
    }
  | {
      readonly action: 'console.session.closed'
      readonly status: null
      readonly payload: { readonly reason: 'signed out' | 'revoked' | 'expired' | 'idle' }
    }
  /** Somebody changed their own password, or set it by a link; every other session of theirs ended. */
  | {
      readonly action: 'console.account.password_changed'
      readonly status: null
      readonly payload: Record<string, never>
    }
  /** A link that lets somebody in, or sets a password, was made; then used by the actor, or taken back. Never the link itself. */
  | {
      readonly action: 'console.link.made'
      readonly status: null
      readonly payload: LinkPayload & { readonly expires_at: string }
    }
  | {
      readonly action: 'console.link.used' | 'console.link.revoked'
      readonly status: null
      readonly payload: LinkPayload
    }
  /** A provider's account was let in for the first time, because of an invitation or an allow-list. */
  | {
      readonly action: 'console.member.admitted'
      readonly status: null
      readonly payload: LimitsPayload & { readonly provider: string; readonly because: string }
    }
  /** What somebody may do was changed. */
  | {
      readonly action: 'console.member.changed'
      readonly status: null
      readonly payload: { readonly member: string; readonly was: LimitsPayload; readonly now: LimitsPayload }
    }
  /** Somebody's access was taken away, or given back. */
  | {
      readonly action: 'console.member.suspended' | 'console.member.restored'
      readonly status: null
      readonly payload: { readonly member: string; readonly role: Role }
    }

export type AccountChange =
  | 'name changed'
  | 'passkey added'
  | 'passkey renamed'
  | 'passkey removed'
  | 'second factor on'
  | 'second factor off'
  | 'backup codes made'
  | 'provider connected'
  | 'provider disconnected'

/** `address_digest` where nobody has the address: what was typed may be a password. */
type RefusedPayload = { readonly method: string; readonly address_digest: string | null } & Partial<RefusedIdentity>

/** `identity`: issuer and subject, as the provider proved them. */
export type RefusedIdentity = { readonly reason: string; readonly identity: string }

type ChannelPayload = {
  readonly channel_id: string
  readonly kind: string
  readonly name: string
  readonly host: string | null
}

/** `name` where the channel is none of the configuration. */
type ToldPayload = { readonly channel: ChannelKind; readonly name?: string }

/** `environments: null`: all of them. */
type LimitsPayload = { readonly role: Role; readonly environments: readonly string[] | null }

type LinkPayload = LimitsPayload & { readonly invitation_id: string; readonly kind: LinkKind }

/** With a token's name as the actor, whom it acted for: two people may have given their tokens one label. */
type TokenOwner = { readonly user_id?: string }

type RequestedPayload = TokenOwner & {
  readonly ref: string
  readonly sha: string | null
  readonly environment: string
  readonly reason: string | null
}

/** `user_id` here: whose token `requested_by` is, whoever decides. */
type ApprovalPayload = TokenOwner & {
  readonly approval_id: string
  readonly kind: string
  readonly ref: string
  readonly sha: string
  readonly requested_by: string
}

type FreezePayload = {
  readonly freeze_id: string
  /** Null for a lock: the row names its surface. */
  readonly environment: string | null
  readonly reason: string
  readonly starts_at: string
  readonly ends_at: string | null
}

type TokenPayload = {
  readonly token_id: string
  readonly label: string
  /** Whose it is: whom it acts for. */
  readonly owner: string
  readonly permissions: readonly string[]
  readonly environments: readonly string[]
  /** Null: every surface of these environments. */
  readonly surfaces: readonly string[] | null
  readonly expires_at: string
}

type CallbackPayload = {
  readonly webhook_id: string
  /** How the sender proved who it is; rows from before 2026-11-28 do not say. */
  readonly way?: CallbackWay
  readonly from: string
  readonly failure_stage?: string
  readonly run_id?: string
  readonly run_attempt?: number
  readonly deployed_sha?: string
}

export type AuditAction = AuditEvent['action']

/** The actions whose `status` is an accepted transition: read in order, they are the deploy's history. */
export const TRANSITION_ACTIONS = [
  'console.deploy.requested',
  'console.deploy.dispatched',
  'console.deploy.dispatch_refused',
  'console.deploy.callback',
  'console.deploy.reconciled',
  'console.deploy.given_up',
] as const satisfies readonly AuditAction[]

/** What an operator is warned of while it holds, however much has happened since. */
export const ALARM_ACTIONS = [
  'console.deploy.runs_duplicated',
  'console.deploy.run_mismatch',
  'console.deploy.other_commit_reported',
  'console.deploy.record_disagrees',
  'console.deploy.other_version_runs',
  'console.deploy.version_seen',
  'console.deploy.late_run',
  'console.deploy.late_run_over',
  'console.deploy.released',
  'console.deploy.cancel_requested',
  'console.deploy.cancel_acknowledged',
  'console.deploy.cancel_refused',
  'console.deploy.cancel_delayed',
] as const satisfies readonly AuditAction[]

export function isTransitionAction(action: string): boolean {
  return TRANSITION_ACTIONS.some((known) => known === action)
}
