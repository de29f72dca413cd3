import { z } from 'zod'
import { DEPLOY_ACTIONS } from '~/domain/deploy/account'
import { APPROVAL_STATES, DEPLOY_KINDS, refusalReason } from '~/domain/deploy/approval'
import { PHASE_STATES } from '~/domain/deploy/phases'
import { dispatchInput, releaseInput } from '~/domain/deploy/request'
import { DEPLOY_STATUSES, FAILURE_STAGES, PHASES, SHIPPED } from '~/domain/deploy/status'
import { id, lineCursorText } from '~/domain/input'

/**
 * What scripts send and get (docs/rest.md). Names are snake_case, as in the callbacks. Answers may gain members: a
 * script ignores those it does not know.
 */
const { surfaceId, ref, confirmation, reason, expectedSha, reviewedRunningSha, overrideFreeze } = dispatchInput.shape
const override = overrideFreeze.unwrap().shape

/** Body of `POST /api/internal/deploys`; the idempotency key is a header. */
export const restDispatchBody = z.strictObject({
  surface: surfaceId,
  ref,
  confirmation,
  reason,
  expected_sha: expectedSha,
  expected_running_sha: reviewedRunningSha,
  override_freeze: z.strictObject({ reason: override.reason, freeze_ids: override.freezeIds }).optional(),
  source: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('rollback'), deploy: id }),
      z.strictObject({ kind: z.literal('promotion'), surface: surfaceId }),
    ])
    .optional(),
})

const time = z.iso.datetime()

/** A deploy that waits, or waited, for another person. */
const tokenOwner = z
  .string()
  .nullable()
  .meta({ description: 'Whose token `token:<label>` is; null when a person asked.' })

export const restApproval = z.looseObject({
  id: z.uuid(),
  state: z.enum(APPROVAL_STATES),
  surface: z.looseObject({ id: z.string(), name: z.string(), environment: z.string() }),
  repository: z.string(),
  workflow: z.string(),
  kind: z.enum(DEPLOY_KINDS),
  source_id: z.string().nullable(),
  ref: z.string(),
  sha: z.string(),
  expected_running_sha: z.string().nullable().meta({
    description:
      'What the surface ran when the request was reviewed, or `unknown`; null where the request did not say.',
  }),
  commit_url: z.string(),
  reason: z.string().nullable(),
  override_reason: z.string().nullable(),
  override_freeze_ids: z.array(z.uuid()),
  requested_by: z.string(),
  requested_by_owner: tokenOwner,
  requested_at: time,
  expires_at: time,
  decision: z.looseObject({ by: z.string(), at: time, reason: z.string().nullable() }).nullable(),
  deploy_id: z.uuid().nullable(),
  yours: z.boolean(),
  decidable: z.boolean(),
})

/** Body of `POST …/approvals/{id}/refuse`. */
export const restRefusalBody = z.strictObject({ reason: refusalReason })

/** Body of `POST …/{id}/release`. */
export const restReleaseBody = z.strictObject({ reason: releaseInput.shape.reason })

/** A deploy; or, told apart by its one member, an approval that waits. Never an `id` that is no deploy's. */
export const restDispatchAnswer = z.union([
  z.looseObject({ id: z.uuid(), status: z.string(), run_id: z.string().nullable() }),
  z.strictObject({ approval: restApproval }),
])

/** One a newer version wrote is answered as it is stored. */
const status = z.string().meta({ examples: [...DEPLOY_STATUSES] })

const logLine = z.looseObject({ seq: z.int().positive(), line: z.string(), at: time })

const phase = z.looseObject({
  key: z.enum(PHASES.map(({ key }) => key)),
  label: z.string(),
  state: z.enum(PHASE_STATES).meta({
    description:
      '`unknown`: the deploy has ended, and nothing proves whether this phase ran. `pending` of an ended deploy is proven.',
  }),
  started_at: time.nullable(),
  ended_at: time.nullable(),
})

const timelineEntry = z.looseObject({
  at: time,
  actor: z.string(),
  action: z.string(),
  status: z.string().nullable(),
  note: z.string().nullable(),
})

const logCursor = z
  .int()
  .positive()
  .nullable()
  .meta({ description: 'Pass as `before` to read older lines; null when there are none.' })

const cancelRequest = z
  .looseObject({ asked_at: time, asked_by: z.string(), acknowledged_at: time.nullable() })
  .nullable()
  .meta({ description: 'How far a request to cancel has come; the end itself is the status.' })

/** Answer of `POST …/{id}/cancel`. */
export const restCancelAnswer = z.looseObject({ id: z.uuid(), status, cancel: cancelRequest })

/** Answer of `POST …/{id}/release`. */
export const restReleaseAnswer = z.looseObject({ id: z.uuid(), status })

/** Answer of the poll: what the modal shows of one deploy. */
export const restDeploy = z.looseObject({
  id: z.uuid(),
  status,
  terminal: z.boolean(),
  phases: z.array(phase),
  shipped: z.string().meta({
    examples: [...SHIPPED],
    description:
      'Whether the deploy phase is proven to have run to its end. `no` is proven as well; what is not proven is `unknown`.',
  }),
  headline: z.string().meta({ description: 'Where it stands, in a few words.' }),
  sentences: z.array(z.string()).meta({ description: 'What is proven about how it ended, a sentence each.' }),
  actions: z.array(z.string()).meta({
    examples: [...DEPLOY_ACTIONS],
    description:
      'What makes sense next, in order. Nothing that would be refused because this deploy holds its surface.',
  }),
  hold: z
    .string()
    .nullable()
    .meta({ description: 'Why the deploy holds its surface after its end, and what ends that; one of `sentences`.' }),
  settled: z
    .boolean()
    .meta({ description: 'It has ended, and nothing more is expected from GitHub’s record of its run.' }),
  give_up_from: time
    .nullable()
    .meta({ description: 'From when the deploy can be given up because no run was seen; null where it cannot.' }),
  failure_stage: z
    .string()
    .nullable()
    .meta({ examples: [...FAILURE_STAGES] }),
  failure_detail: z.string().nullable(),
  surface: z.looseObject({ id: z.string(), name: z.string(), environment: z.string(), url: z.string() }),
  repository: z.string(),
  workflow: z.string(),
  ref: z.string(),
  sha: z.string().nullable(),
  reason: z.string().nullable(),
  override_reason: z.string().nullable(),
  kind: z.string().meta({ examples: [...DEPLOY_KINDS] }),
  approved_by: z
    .string()
    .nullable()
    .meta({ description: 'Who else said yes, where the surface asks for a second person.' }),
  requested_by: z.string(),
  requested_by_owner: tokenOwner,
  requested_at: time,
  finished_at: time.nullable(),
  run_id: z.string().nullable().meta({ description: 'Digits. A string: run ids outgrow a JSON number.' }),
  run_attempt: z.int().nullable(),
  run_url: z.string().nullable(),
  late_run_url: z
    .string()
    .nullable()
    .meta({ description: 'Of a run that was seen after the end and is another one than `run_id`.' }),
  cancel: cancelRequest,
  warnings: z.array(z.string()),
  alarms: z.array(z.string()).meta({ description: 'Those of `warnings` that say that something went wrong.' }),
  timeline: z.array(timelineEntry),
  log_tail: z.array(logLine),
  log_cursor: logCursor,
})

/** Answer of `GET …/{id}/log?before=`: one page of older lines, oldest first. */
export const restLogPage = z.looseObject({ lines: z.array(logLine), cursor: logCursor })

/** Answer to a callback that was taken in. `applied: false`: the deploy stood there already. */
export const restCallbackAnswer = z.looseObject({ applied: z.boolean(), status })

/** What GitHub sends: of any event, what docs/webhooks.md names is read, and the rest is not. */
export const restWebhook = z.looseObject({})

/** Answer to a webhook, which GitHub shows among its recent deliveries. `looks`: how many jobs look at GitHub because of it. */
export const restWebhookAnswer = z.union([
  z.looseObject({ event: z.string(), looks: z.int(), missing: z.array(z.string()).optional() }),
  z.looseObject({ dropped: z.string() }),
])

/** One row of `GET /api/audit/export?format=json`. */
export const restAuditEntry = z.looseObject({
  id: z.string(),
  at: time,
  actor: z.string(),
  action: z.string(),
  deploy_id: z.string().nullable(),
  surface_id: z.string().nullable(),
  status: z.string().nullable(),
  payload: z.unknown(),
})

/** Answer to a workflow's freeze check. */
export const restFreezeAnswer = z.looseObject({
  surface: z.string(),
  frozen: z.boolean(),
  kind: z.enum(['frozen', 'locked']).nullable(),
  reason: z.string().nullable(),
  until: time.nullable(),
  freeze_id: z.uuid().nullable(),
  overridden: z.boolean(),
  override_reason: z.string().nullable(),
})

/** RFC 9457. `code` is one of the table in errors.ts; `issues` comes with `invalid_input`. */
export const restProblem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  code: z.string(),
  issues: z.array(z.looseObject({ path: z.string(), message: z.string() })).optional(),
})

/** Query strings are text; a cursor is the digits of a sequence number. */
export const restLogQuery = z.object({ before: lineCursorText.optional() })
