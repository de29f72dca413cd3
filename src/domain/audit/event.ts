import { z } from 'zod'
import { CHANNEL_KINDS } from '~/domain/delivery'
import { CALLBACK_WAYS } from '~/domain/deploy/callback'
import { REVIEW_OUTCOMES } from '~/domain/deploy/environment-review'
import { DEPLOY_STATUSES, SHIPPED } from '~/domain/deploy/status'
import { ROLLBACK_MODES } from '~/domain/deploy/watch'
import { DEVICE_PURPOSES } from '~/domain/device-sign-in'
import { FREEZE_KINDS } from '~/domain/freeze/freeze'
import { LINK_KINDS } from '~/domain/member'
import { ROLES } from '~/domain/permissions'

// Everything the audit trail records (docs/contract.md, "Audit"). The schemas hold for writing and for reading, and rows are never
// changed: a payload may gain optional members, and keeps the meaning of those it has.

/** An event that is no transition: its row has no status. */
const event = <const Action extends string, Payload extends z.ZodObject>(action: Action, payload: Payload) =>
  z.object({ action: z.literal(action), status: z.null(), payload })

/** An event that moves a deploy, or would have. */
const statusEvent = <const Action extends string, Status extends z.ZodType, Payload extends z.ZodObject>(
  action: Action,
  status: Status,
  payload: Payload,
) => z.object({ action: z.literal(action), status, payload })

const text = z.string()
const texts = z.array(text).readonly()
const nullableText = text.nullable()
const details = z.record(z.string(), z.string())
const runSource = z.enum(['github', 'callback'])
const deployStatus = z.enum(DEPLOY_STATUSES)

/** The owner of the token. The row's actor is the token's label, which two people may both use. */
const tokenOwner = { user_id: text.exactOptional() }

const callback = z.object({
  webhook_id: text,
  /** How the sender proved who it is. Rows from before 2026-11-28 do not say. */
  way: z.enum(CALLBACK_WAYS).exactOptional(),
  from: text,
  failure_stage: text.exactOptional(),
  run_id: text.exactOptional(),
  run_attempt: z.int().exactOptional(),
  deployed_sha: text.exactOptional(),
})

/** `comment`: as sent to GitHub. `detail`: what GitHub answered instead of taking the decision. */
const environmentReview = z.object({
  run_id: text,
  run_attempt: z.int(),
  environment_id: text,
  environment: text,
  comment: text,
  outcome: z.enum(REVIEW_OUTCOMES),
  detail: text.exactOptional(),
})

const DEPLOY_EVENTS = [
  /** An operator asked. The intent row is committed in the same transaction. */
  statusEvent(
    'console.deploy.requested',
    z.literal('requested'),
    z.object({
      ...tokenOwner,
      ref: text,
      sha: nullableText,
      environment: text,
      reason: nullableText,
      /** What was ticked; missing if the surface declares no checklist. */
      checklist: texts.exactOptional(),
    }),
  ),
  /** The console refused to dispatch, and recorded no deploy. What was typed is never kept. */
  event('console.deploy.dispatch_rejected', z.object({ ...tokenOwner, code: text, ref: text, details })),
  /** GitHub accepted the dispatch, or a callback proved that it had. */
  statusEvent(
    'console.deploy.dispatched',
    z.literal('dispatched'),
    z.object({ source: runSource, run_id: nullableText }),
  ),
  /** GitHub answered that it will not dispatch. */
  statusEvent('console.deploy.dispatch_refused', z.literal('failed'), z.object({ http_status: z.int(), reason: text })),
  /** GitHub's answer is not known. The deploy holds its surface until GitHub's record shows whether a run started. */
  event('console.deploy.dispatch_unknown', z.object({ reason: text })),
  /** A signed callback moved the deploy. */
  statusEvent('console.deploy.callback', deployStatus, callback),
  /** A signed callback was refused. Its log line is kept. `mismatch`: why its sender may not report. */
  statusEvent(
    'console.deploy.callback_rejected',
    text,
    callback.extend({ allowed: texts, reason: text, mismatch: text.exactOptional() }),
  ),
  /**
   * GitHub's record moved the deploy where no callback had. `occurred_at` is GitHub's time. `implied`: only the run's conclusion
   * proves this status; no job or step of the phase is on record.
   */
  statusEvent(
    'console.deploy.reconciled',
    deployStatus,
    z.object({
      source: z.literal('github'),
      from: text,
      proof: text,
      occurred_at: text,
      failure_stage: text.exactOptional(),
      implied: z.boolean().exactOptional(),
    }),
  ),
  /** The console asked the surface itself, and its answer ended the deploy. `sha`: the expected commit. `seen`: the answer in words. */
  statusEvent(
    'console.deploy.health_checked',
    z.enum(['succeeded', 'failed', 'timed_out']),
    z.object({ from: text, sha: nullableText, seen: text, asked_at: text, failure_stage: text.exactOptional() }),
  ),
  /** Somebody gave up a deploy of which no run was seen. GitHub may still start one. */
  statusEvent('console.deploy.given_up', z.literal('cancelled'), z.object({ from: text, reason: text, ...tokenOwner })),
  /** The schema was rolled back below the deploy's status. The rollback.sql of that migration writes this row. */
  statusEvent('console.deploy.rolled_back', z.literal('failed'), z.object({ from: text, migration: text })),
  /** GitHub's record of the run was read after the deploy had ended. `shipped`: what is proven since. */
  event(
    'console.deploy.end_confirmed',
    z.object({ run_id: text, run_attempt: z.int(), conclusion: nullableText, shipped: z.enum(SHIPPED) }),
  ),
  /** A callback and GitHub's record of the run contradict each other. */
  event('console.deploy.record_disagrees', z.object({ run_id: text, reported: text, recorded: text })),
  /** A run was seen active after the deploy had ended: listed late, or started again. It holds the surface. */
  event('console.deploy.late_run', z.object({ run_id: text, run_attempt: z.int(), stood_at: text })),
  /** That run is over, and with it the hold. */
  event('console.deploy.late_run_over', z.object({ run_id: text, conclusion: nullableText })),
  /** Somebody released the surface from a deploy that held it. */
  event('console.deploy.released', z.object({ stood_at: text, run_id: nullableText, reason: text, ...tokenOwner })),
  /** The run of the deploy became known. */
  event('console.deploy.run_found', z.object({ source: runSource, run_id: text })),
  /** Somebody ran the run again on GitHub. `stood_at`: where the deploy stood; an ended deploy does not move. */
  event(
    'console.deploy.run_attempt',
    z.object({ source: runSource, run_id: text, run_attempt: z.int(), stood_at: text }),
  ),
  /** Alarm: more than one run carries the id of the deploy. */
  event('console.deploy.runs_duplicated', z.object({ run_ids: texts })),
  /** Alarm: a callback named another run than the one on record, which stays. */
  event('console.deploy.run_mismatch', z.object({ run_id: text, reported_run_id: text })),
  /** Alarm: the run reports another commit than the one on record, which stays. */
  /** The chosen ref moved before GitHub started the run, which deploys another commit than the reviewed one. */
  event(
    'console.deploy.ref_moved',
    z.object({
      ref: text,
      reviewed_sha: nullableText,
      head_sha: text,
      run_id: text,
      on_moved: text,
      cancels: z.boolean(),
    }),
  ),
  event('console.deploy.other_commit_reported', z.object({ sha: text, reported_sha: text })),
  /** Alarm: the deploy succeeded, and two later probes of the surface reported another version. */
  event('console.deploy.other_version_runs', z.object({ sha: text, running_sha: text, seen_at: text })),
  /** A probe after the success reported the deploy's commit. */
  event('console.deploy.version_seen', z.object({ sha: text, seen_at: text })),
  /** An operator asked to cancel. */
  event('console.deploy.cancel_requested', z.object({ run_id: nullableText, ...tokenOwner })),
  /** GitHub accepted the request to cancel (202), and will say when the run has ended. */
  event('console.deploy.cancel_acknowledged', z.object({ run_id: text })),
  /** GitHub will not cancel. The request is taken back. */
  event('console.deploy.cancel_refused', z.object({ http_status: z.int(), reason: text })),
  /** GitHub has not accepted the request yet. It is sent again: after a rate limit (`until`), otherwise soon. */
  event('console.deploy.cancel_delayed', z.object({ until: nullableText, reason: text })),
  /** A person decided, here, about an environment of GitHub that holds the run: a row before GitHub is asked, and one after. */
  event('console.deploy.gate_approved', environmentReview),
  event('console.deploy.gate_rejected', environmentReview),
  /** Somebody downloaded evidence of a deploy. The same content is recorded once. */
  event('console.deploy.evidence_written', z.object({ content_sha256: text })),
  /** A deploy was let through in spite of these freezes. */
  event('console.deploy.freeze_overridden', z.object({ reason: text, freeze_ids: texts })),
  /** These freezes let the deploy pass: `rollback`, because they say so; `holder`, because the requester set the lock. */
  event('console.deploy.freeze_passed', z.object({ freeze_ids: texts, because: z.enum(['rollback', 'holder']) })),
] as const

/** What the surface answered in this number of probes, the first one at `since`. `proven`: each one was unhealthy and named the deploy's commit. */
const turned = {
  detail: text,
  since: text,
  probes: z.int(),
  proven: z.boolean(),
  to_deploy_id: text.exactOptional(),
  to_sha: text.exactOptional(),
}

const WATCH_EVENTS = [
  /** The surface was seen healthy with the deploy. From now on it is watched. */
  event('console.rollback.watched', z.object({ mode: z.enum(ROLLBACK_MODES), healthy_at: text, until: text })),
  /** The surface turned unhealthy, and people are asked to roll back. `reason`: why the console does not, in the mode auto. */
  event('console.rollback.offered', z.object({ ...turned, reason: text.exactOptional() })),
  /** The surface turned unhealthy, and the console is about to roll back by itself. */
  event('console.rollback.armed', z.object(turned)),
  /** The console requested the rollback, or the approval of it. */
  event(
    'console.rollback.started',
    z.object({ rollback_deploy_id: text.exactOptional(), approval_id: text.exactOptional() }),
  ),
  /** The console did not roll back after all. It does not try again. */
  event('console.rollback.not_started', z.object({ reason: text, code: text.exactOptional() })),
  /** The watch ended before the surface turned unhealthy. */
  event(
    'console.rollback.disarmed',
    z.object({
      because: z.enum(['newer_deploy', 'locked', 'rollback_asked', 'stopped', 'declaration_changed', 'other_version']),
    }),
  ),
] as const

/** `name` is missing for the channel of the configuration. */
const told = {
  channel: z.enum(CHANNEL_KINDS),
  name: text.exactOptional(),
  /** Set if the delivery is not about the end of the deploy. */
  about: z.literal('unhealthy').exactOptional(),
}
const channel = z.object({ channel_id: text, kind: text, name: text, host: nullableText })

const DELIVERY_EVENTS = [
  /** People were told how the deploy ended. */
  event('console.notification.sent', z.object({ ...told, outcome: z.literal('sent') })),
  /** The delivery failed, or its outcome is unknown. The console does not send it again. */
  event('console.notification.not_sent', z.object({ ...told, outcome: z.enum(['failed', 'unknown']), reason: text })),
  /** Somebody changed a channel. The payload never contains the channel's address or secret. */
  event('console.channel.added', channel),
  event('console.channel.removed', channel),
  event('console.channel.tested', channel),
  event('console.channel.changed', channel.extend({ change: z.enum(['enabled', 'disabled']) })),
  /** Somebody had a delivery sent again. */
  event('console.delivery.resent', channel.extend({ delivery_id: text, stood_at: text })),
] as const

/** `user_id`: the owner of the token in `requested_by`. It does not depend on who decides. */
const approval = z.object({
  ...tokenOwner,
  approval_id: text,
  kind: text,
  ref: text,
  sha: text,
  requested_by: text,
})

const APPROVAL_EVENTS = [
  /** Somebody requested a deploy that requires another person's approval. */
  event(
    'console.approval.requested',
    approval.extend({
      reason: nullableText,
      override_reason: nullableText,
      expires_at: text,
      inputs: z.record(z.string(), text).optional(),
      checklist: texts.exactOptional(),
    }),
  ),
  /** Another person approved. The intent of the deploy is committed in the same transaction. */
  event('console.approval.granted', approval),
  event('console.approval.refused', approval.extend({ reason: text })),
  /** The requester withdrew it. */
  event('console.approval.withdrawn', approval),
  event('console.approval.expired', approval),
  /** Somebody tried to approve, and could not. The request goes on waiting. */
  event('console.approval.not_granted', z.object({ approval_id: text, code: text, details })),
] as const

/** `user_id`: the owner of the token in `requested_by`. It does not depend on who ends the request. */
const queued = z.object({ ...tokenOwner, queued_id: text, kind: text, ref: text, sha: text, requested_by: text })

const QUEUE_EVENTS = [
  /** Somebody queued a deploy. `replaces`: the own waiting request of the same ref. */
  event(
    'console.queue.requested',
    queued.extend({
      reason: nullableText,
      expires_at: text,
      inputs: z.record(z.string(), text).exactOptional(),
      checklist: texts.exactOptional(),
      replaces: text.exactOptional(),
    }),
  ),
  /** A newer request of the same person took its place. */
  event('console.queue.replaced', queued.extend({ replaced_by: text })),
  /** `withdrawn_by_user_id`: the owner of the token that withdrew it. */
  event('console.queue.withdrawn', queued.extend({ withdrawn_by_user_id: text.exactOptional() })),
  event('console.queue.expired', queued),
  /** It waited when somebody rolled back the migration, whose older schema cannot keep it. Nothing of it was deployed. */
  event('console.queue.rolled_back', queued.extend({ migration: text })),
  /** Its turn came, and a check of the dispatch refused it. */
  event('console.queue.refused', queued.extend({ code: text, reason: text })),
  /** Its turn came. The intent of the deploy is committed in the same transaction. */
  event('console.queue.taken', queued.extend({ waited_seconds: z.int() })),
  /** Somebody let the queue go on. `despite`: why it had stopped or waited, as the person was told. */
  event('console.queue.continued', z.object({ ...tokenOwner, stood_at: text, despite: text.exactOptional() })),
] as const

/** `environment` is null if it is of one surface, which the row names. */
const freeze = z.object({
  freeze_id: text,
  environment: nullableText,
  reason: text,
  starts_at: text,
  ends_at: nullableText,
  /** Rows from before 2026-11-29 do not say: a lock has a surface, and a freeze an environment. */
  kind: z.enum(FREEZE_KINDS).exactOptional(),
  rollbacks_pass: z.boolean().exactOptional(),
  /** Of an allow window that was opened beside these, so that more is allowed. */
  widens: texts.exactOptional(),
  /** Of a window that recurs. */
  rule: text.exactOptional(),
  time_zone: text.exactOptional(),
  local_start: text.exactOptional(),
  duration_minutes: z.int().exactOptional(),
  /** The rollback that locked the surface. */
  rollback_deploy_id: text.exactOptional(),
})
const flag = { flag: text, environment: text }

const SURFACE_EVENTS = [
  /** An environment was frozen, or a surface was locked. */
  event('console.freeze.opened', freeze),
  /** The freeze was ended early, or the lock was removed. */
  event('console.freeze.lifted', freeze),
  /** Somebody changed its reason or its end. `was`: both before. */
  event('console.freeze.changed', freeze.extend({ was: z.object({ reason: text, ends_at: nullableText }) })),
  /** A flag was switched on (promoted) or off (demoted) for one environment. `was`: its value before. */
  event('console.flag.promoted', z.object({ ...flag, was: z.boolean() })),
  event('console.flag.demoted', z.object({ ...flag, was: z.boolean() })),
  /** The rollout does not allow the change. Nothing was changed. */
  event('console.flag.change_refused', z.object({ ...flag, change: z.enum(['promote', 'demote']), reason: text })),
  /** The seeder changed a surface. `weakened`: the keys of surfaces.yaml that now protect the surface less than before. */
  event(
    'console.surface.seeded',
    z.object({ change: z.enum(['declared', 'changed', 'archived', 'restored']), weakened: texts.exactOptional() }),
  ),
] as const

const embed = z.object({ embed_id: text, kind: text })

const EMBED_EVENTS = [
  /** Somebody made a signed address, or ended it. The row names its surface; without one, it is a feed of all. Never the address itself. */
  event('console.embed.created', embed),
  event('console.embed.revoked', embed),
] as const

/** `environments: null`: all of them. */
const limits = z.object({ role: z.enum(ROLES), environments: texts.nullable() })
const link = limits.extend({ invitation_id: text, kind: z.enum(LINK_KINDS) })

/** `surfaces: null`: every surface of these environments. `owner`: whom it acts for. */
const device = z.object({
  request_id: text,
  purpose: z.enum(DEVICE_PURPOSES),
  machine: text,
  address: text,
  environments: texts,
  token_id: text.exactOptional(),
})

const token = z.object({
  /** Of a person's command line. */
  machine: text.exactOptional(),
  token_id: text,
  label: text,
  owner: text,
  permissions: texts,
  environments: texts,
  surfaces: texts.nullable(),
  expires_at: text,
})

/** `identity`: issuer and subject, as the provider proved them. */
const refusedIdentity = z.object({ reason: text, identity: text })
export type RefusedIdentity = Readonly<z.output<typeof refusedIdentity>>

/**
 * `address_digest`: set if no member has the address, because what was typed may be a password; null for a member, whose address is
 * the actor.
 */
const refusedSignIn = z.object({
  method: text,
  address_digest: nullableText,
  reason: text.exactOptional(),
  identity: text.exactOptional(),
})

const accountChange = z.enum([
  'name changed',
  'passkey added',
  'passkey renamed',
  'passkey removed',
  'second factor on',
  'second factor off',
  'backup codes made',
  'provider connected',
  'provider disconnected',
])
export type AccountChange = z.output<typeof accountChange>

const PEOPLE_EVENTS = [
  /** An API token was created or revoked. Never the token itself. */
  event('console.token.created', token),
  event('console.token.revoked', token),
  /** A person let the command line of a machine act for them or gave its token a fresh proof, or refused. */
  event('console.device.approved', device),
  event('console.device.denied', device),
  /** Somebody signed in. `method`: password, link, or the provider's name. */
  event('console.session.opened', z.object({ method: text })),
  /** A signed-in person proved who they are. */
  event('console.session.proved', z.object({ method: z.enum(['password', 'passkey', 'sandbox']) })),
  event('console.session.closed', z.object({ reason: z.enum(['signed out', 'revoked', 'expired', 'idle']) })),
  /** A sign-in was refused. */
  event('console.session.refused', refusedSignIn),
  /** A sign-in was refused, and the next try has to wait. */
  event('console.session.locked', refusedSignIn.extend({ locked_until: text })),
  /** Somebody changed their account, or what it signs in with. */
  event('console.account.changed', z.object({ change: accountChange })),
  /** Somebody changed their password, or set it by a link. Every other session of theirs ended. */
  event('console.account.password_changed', z.object({})),
  /** A provider's account was not connected to the actor's. */
  event('console.account.connection_refused', refusedIdentity.extend({ provider: text })),
  /** Accounts from before issuers were kept now belong to this issuer. */
  event('console.account.issuer_bound', z.object({ provider: text, issuer: text, accounts: z.int() })),
  /** A link to sign in or to set a password was made. Never the link itself. */
  event('console.link.made', link.extend({ expires_at: text })),
  event('console.link.used', link),
  event('console.link.revoked', link),
  /** A provider's account was admitted for the first time, by an invitation or an allow-list. */
  event('console.member.admitted', limits.extend({ provider: text, because: text })),
  /** What a member may do was changed. */
  event('console.member.changed', z.object({ member: text, was: limits, now: limits })),
  event('console.member.suspended', z.object({ member: text, role: z.enum(ROLES) })),
  event('console.member.restored', z.object({ member: text, role: z.enum(ROLES) })),
] as const

const auditEvent = z.discriminatedUnion('action', [
  ...DEPLOY_EVENTS,
  ...WATCH_EVENTS,
  ...DELIVERY_EVENTS,
  ...APPROVAL_EVENTS,
  ...QUEUE_EVENTS,
  ...SURFACE_EVENTS,
  ...EMBED_EVENTS,
  ...PEOPLE_EVENTS,
])

export type AuditEvent = z.output<typeof auditEvent>
export type AuditAction = AuditEvent['action']

/** What is stored: members that the schema does not name are left out. Throws when the event does not fit the schema. */
export const toStoredEvent = (given: AuditEvent): AuditEvent => auditEvent.parse(given)

/** A stored row as an event. Null when a newer version wrote it: then nothing is concluded from it. */
export const readAuditEvent = (row: {
  readonly action: string
  readonly status: string | null
  readonly payload: unknown
}): AuditEvent | null => auditEvent.safeParse(row).data ?? null
