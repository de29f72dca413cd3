import { z } from 'zod'
import { DEPLOY_KINDS } from '~/domain/deploy/approval'
import { EVENT_PROOF_WORDS } from '~/domain/deploy/event-proof'
import { PHASE_STATES } from '~/domain/deploy/phases'
import { DEPLOY_ACTIONS } from '~/domain/deploy/report'
import { dispatchInput, releaseInput } from '~/domain/deploy/request'
import { DEPLOY_STATUSES, FAILURE_STAGES, PHASES, SHIPPED } from '~/domain/deploy/status'
import { ENDED_WATCHES, ROLLBACK_MODES, WATCH_STATES } from '~/domain/deploy/watch'
import { id, lineCursorText } from '~/domain/input'
import { restApproval, restQueue, restQueued, TICKED, time, tokenOwner } from '~/server/rest/request-shapes'

/**
 * Requests and answers of scripts (docs/rest.md), in snake_case like callbacks. Answers may gain members: a script ignores
 * unknown ones.
 */
const { surfaceId, ref, confirmation, reason, expectedSha, reviewedRunningSha } = dispatchInput.shape
const { basis, inputs, checklist, overrideFreeze, queue } = dispatchInput.shape
const override = overrideFreeze.unwrap().shape
const reviewed = basis.unwrap().shape

/** Body of `POST /api/internal/deploys`. The idempotency key is a header. */
export const restDispatchBody = z.strictObject({
  surface: surfaceId,
  ref,
  confirmation,
  reason,
  expected_sha: expectedSha,
  expected_running_sha: reviewedRunningSha,
  basis: z
    .strictObject({
      declaration: reviewed.declaration,
      workflow_ref: reviewed.workflowRef,
      workflow_file: reviewed.workflowFile,
    })
    .optional(),
  inputs,
  checklist,
  override_freeze: z.strictObject({ reason: override.reason, freeze_ids: override.freezeIds }).optional(),
  source: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('rollback'), deploy: id }),
      z.strictObject({ kind: z.literal('promotion'), surface: surfaceId }),
    ])
    .optional(),
  queue,
})

/** Body of `POST …/{id}/release`. */
export const restReleaseBody = z.strictObject({ reason: releaseInput.shape.reason })

/** A deploy, or an approval or a queued request that waits. Those are nested, so that a top-level `id` is always a deploy's. */
export const restDispatchAnswer = z.union([
  z.looseObject({ id: z.uuid(), status: z.string(), run_id: z.string().nullable() }),
  z.strictObject({ approval: restApproval }),
  z.strictObject({ queued: restQueued }),
])

/** A string, not an enum: a status that a newer version wrote is answered as stored. */
const status = z.string().meta({ examples: [...DEPLOY_STATUSES] })

const logLine = z.looseObject({ seq: z.int().positive(), line: z.string(), at: time })

const phase = z.looseObject({
  key: z.enum(PHASES.map(({ key }) => key)),
  label: z.string(),
  state: z.enum(PHASE_STATES).meta({
    description:
      '`absent`: the surface declares that its workflow does not have this phase. `skipped`: the run passed it without executing it. ' +
      '`unknown`: the deploy has ended, and nothing proves whether this phase ran. `pending` of an ended deploy: proven not to have run.',
  }),
  started_at: time.nullable(),
  ended_at: time.nullable(),
})

const runPart = {
  name: z.string(),
  status: z.string().meta({ examples: ['queued', 'in_progress', 'completed', 'waiting', 'pending'] }),
  conclusion: z
    .string()
    .nullable()
    .meta({ examples: ['success', 'failure', 'cancelled', 'skipped', 'timed_out'] }),
  started_at: time.nullable(),
  ended_at: time.nullable(),
}

const runAttempt = z.looseObject({
  attempt: z.int(),
  seen_at: time.meta({ description: 'When GitHub’s record was read.' }),
  jobs: z.array(
    z.looseObject({
      ...runPart,
      id: z.string().nullable().meta({ description: 'Digits.' }),
      url: z.string().nullable(),
      created_at: time.nullable(),
      labels: z.array(z.string()).meta({ description: 'What the job asks of its runner.' }),
      steps: z.array(z.looseObject({ ...runPart, number: z.int() })),
      more_steps: z.int().meta({ description: 'The number of steps that were too many to keep.' }),
    }),
  ),
  more_jobs: z.int().meta({ description: 'The number of jobs that were too many to keep.' }),
  failed_log: z
    .looseObject({
      job_id: z.string(),
      step: z.string().nullable(),
      of: z.enum(['step', 'job']).meta({
        description:
          '`step`: lines from the time of the step. Its times are whole seconds, so lines of a step next to it may be among them. `job`: the end of the whole log.',
      }),
      lines: z.array(z.string()),
      unread: z.string().nullable().meta({ description: 'Why the log was not read. Null if it was.' }),
      read_at: time,
    })
    .nullable()
    .meta({
      description: 'The last log lines from the time of the first step that failed. Null before they were asked for.',
    }),
})

const timelineEntry = z.looseObject({
  at: time,
  actor: z.string(),
  action: z.string(),
  status: z.string().nullable(),
  note: z.string().nullable(),
  proof: z
    .string()
    .nullable()
    .meta({
      examples: Object.keys(EVENT_PROOF_WORDS),
      description:
        'What the event rests on, such as a callback or GitHub’s record. Null if this version does not know the event.',
    }),
})

const logCursor = z
  .int()
  .positive()
  .nullable()
  .meta({ description: 'Pass it as `before` to read older lines. Null if there are none.' })

const cancelRequest = z
  .looseObject({ asked_at: time, asked_by: z.string(), acknowledged_at: time.nullable() })
  .nullable()
  .meta({ description: 'The state of a request to cancel. The deploy’s end is its `status`.' })

const deployWatch = z
  .looseObject({
    mode: z.enum(ROLLBACK_MODES),
    state: z.string().meta({
      examples: [...WATCH_STATES, ...ENDED_WATCHES],
      description:
        '`offered`: the surface turned unhealthy, and a person decides. `starting`, `rolling_back`, `approval`: the console rolls back, or asked for approval. `over`: the watch ended, and the console did not see the surface turn unhealthy. `inconclusive`: it ended with answers that were not healthy. `unseen`: the surface was never seen healthy with the deploy.',
    }),
    minutes: z.int(),
    healthy_at: time.nullable(),
    until: time.nullable().meta({ description: 'The end of the watch. Null before the deploy has ended.' }),
    turned_at: time.nullable().meta({ description: 'The first probe that was not healthy, once it is proven.' }),
    detail: z.string().nullable(),
    target: z
      .looseObject({ deploy_id: z.uuid(), sha: z.string(), healthy_at: time.nullable() })
      .nullable()
      .meta({ description: 'Where the way back leads.' }),
    rollback_deploy_id: z.uuid().nullable(),
    approval_id: z.uuid().nullable(),
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Why the console did not roll back by itself, or why the watch was disarmed.' }),
    sentences: z.array(z.string()),
    stoppable: z.boolean(),
  })
  .nullable()
  .meta({ description: 'The armed rollback. Null if the surface declares none, or if there is no version to watch.' })

/** Answer of `POST …/{id}/stop-watching`. */
export const restWatchAnswer = z.looseObject({ id: z.uuid(), watch: deployWatch })

/** Answer of `POST …/{id}/cancel`. */
export const restCancelAnswer = z.looseObject({ id: z.uuid(), status, cancel: cancelRequest })

/** Answer of `POST …/{id}/release`. */
export const restReleaseAnswer = z.looseObject({ id: z.uuid(), status })

/** Answer of the poll: one deploy, as the dialog shows it. */
export const restDeploy = z.looseObject({
  id: z.uuid(),
  status,
  terminal: z.boolean(),
  phases: z.array(phase),
  shipped: z.string().meta({
    examples: [...SHIPPED],
    description: 'Whether the deploy phase ran to its end. `yes` and `no` are proven; anything else is `unknown`.',
  }),
  headline: z.string().meta({ description: 'The state of the deploy, in a few words.' }),
  sentences: z.array(z.string()).meta({ description: 'The proven facts about the deploy’s end, one sentence each.' }),
  actions: z.array(z.string()).meta({
    examples: [...DEPLOY_ACTIONS],
    description:
      'Possible next steps, in order. Steps that this deploy’s hold of the surface would refuse are left out.',
  }),
  hold: z
    .string()
    .nullable()
    .meta({ description: 'Why the deploy still holds its surface, and how the hold ends. One of `sentences`.' }),
  settled: z
    .boolean()
    .meta({ description: 'The deploy has ended, and GitHub’s record of its run was read for the last time.' }),
  give_up_from: time.nullable().meta({
    description: 'The time from which the deploy can be given up because no run was seen. Null if it cannot.',
  }),
  failure_stage: z
    .string()
    .nullable()
    .meta({ examples: [...FAILURE_STAGES] }),
  failure_detail: z.string().nullable(),
  surface: z.looseObject({ id: z.string(), name: z.string(), environment: z.string(), url: z.string() }),
  repository: z.string(),
  workflow: z.string(),
  inputs: z
    .array(z.looseObject({ name: z.string(), value: z.string() }))
    .nullable()
    .meta({ description: 'The inputs as sent to the workflow. Null for a deploy from before they were recorded.' }),
  checklist: z.array(z.string()).meta({ description: TICKED }),
  ref: z.string(),
  sha: z.string().nullable(),
  reason: z.string().nullable(),
  override_reason: z.string().nullable(),
  kind: z.string().meta({ examples: [...DEPLOY_KINDS] }),
  approved_by: z
    .string()
    .nullable()
    .meta({ description: 'The person who approved the deploy, if the surface requires a second person.' }),
  requested_by: z.string(),
  requested_by_owner: tokenOwner,
  requested_at: time,
  finished_at: time.nullable(),
  run_id: z
    .string()
    .nullable()
    .meta({ description: 'A string of digits, because run ids can exceed the integers that a JSON number holds.' }),
  run_attempt: z.int().nullable(),
  run_url: z.string().nullable(),
  run_attempts: z.array(runAttempt).meta({
    description:
      'The jobs of the run in GitHub’s own words, one entry for each of the last attempts, the newest first. Empty before GitHub’s record was read.',
  }),
  quiet: z
    .looseObject({
      sentence: z.string(),
      since: time.nullable(),
      on_github: z.boolean().meta({ description: 'Whether somebody can resolve it at `run_url`.' }),
    })
    .nullable()
    .meta({
      description: 'Why nothing happens, in one sentence. Null if nothing is quiet, or the reason is not known.',
    }),
  waiting_environments: z
    .looseObject({
      run_id: z.string(),
      run_attempt: z.int(),
      read_at: time,
      environments: z.array(
        z.looseObject({
          id: z.string(),
          name: z.string(),
          reviewable: z
            .boolean()
            .meta({ description: 'Whether a person can approve or reject it in the console now.' }),
        }),
      ),
    })
    .nullable()
    .meta({
      description:
        'The environments of GitHub whose protection rules hold the run. Null if no such environment is known.',
    }),
  late_run_url: z
    .string()
    .nullable()
    .meta({ description: 'The address of another run than `run_id` that was seen after the deploy ended.' }),
  watch: deployWatch,
  cancel: cancelRequest,
  queue: restQueue
    .nullable()
    .meta({ description: 'What waits behind it. Null for a deploy that is not the newest of its surface.' }),
  warnings: z.array(z.string()),
  alarms: z.array(z.string()).meta({ description: 'The `warnings` that report a fault.' }),
  timeline: z.array(timelineEntry),
  log_tail: z.array(logLine),
  log_deleted_at: z
    .string()
    .nullable()
    .meta({ description: 'When the log lines were deleted because of their age. Null while they are kept.' }),
  log_cursor: logCursor,
})

/** One deploy of the exported list. */
export const restListedDeploy = z.looseObject({
  id: z.uuid(),
  requested_at: time,
  finished_at: time.nullable(),
  surface: z.string(),
  environment: z.string(),
  kind: z.string(),
  ref: z.string(),
  sha: z.string().nullable(),
  status,
  shipped: z.string(),
  headline: z.string(),
  requested_by: z.string(),
  approved_by: z.string().nullable(),
  reason: z.string().nullable(),
  failure_detail: z.string().nullable(),
})

/** Answer of `GET …/{id}/log?before=`: one page of log lines, oldest first. */
export const restLogPage = z.looseObject({ lines: z.array(logLine), cursor: logCursor })

/** Answer to an accepted callback. `applied: false`: the deploy already had this status. */
export const restCallbackAnswer = z.looseObject({ applied: z.boolean(), status })

/** An event of GitHub. The members in docs/webhooks.md are read; all others are ignored. */
export const restWebhook = z.looseObject({})

/** Answer to a webhook, which GitHub shows under "Recent deliveries". `looks`: the number of looks that were queued. */
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

/** Answer to a freeze check of a workflow. */
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

/** RFC 9457. `code` is a key of `ERROR_CODES`; `issues` comes with `invalid_input`. */
export const restProblem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  code: z.string(),
  request_id: z.string().optional().meta({ description: 'The id of this request in the console’s log.' }),
  trace_id: z.string().optional().meta({ description: 'The trace of this request, if the console exports traces.' }),
  issues: z.array(z.looseObject({ path: z.string(), message: z.string() })).optional(),
})

/** A query string is text, so the cursor is digits. */
export const restLogQuery = z.object({ before: lineCursorText.optional() })
