import { z } from 'zod'
import { APPROVAL_STATES, DEPLOY_KINDS, refusalReason } from '~/domain/deploy/approval'
import { QUEUED_STATES } from '~/domain/deploy/queue'
import { id } from '~/domain/input'

// Requests that wait, for approval or in the queue, as scripts see them (docs/rest.md).

export const time = z.iso.datetime()

export const tokenOwner = z
  .string()
  .nullable()
  .meta({ description: 'The owner of the token `token:<label>`. Null if a person asked.' })

export const TICKED = 'The lines of the surface’s checklist that the requester ticked.'

/** An approval: a deploy that waits, or waited, for another person. */
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
      'The commit that the surface ran when the request was reviewed, or `unknown`. Null if the request did not say.',
  }),
  commit_url: z.string(),
  reason: z.string().nullable(),
  override_reason: z.string().nullable(),
  override_freeze_ids: z.array(z.uuid()),
  inputs: z
    .array(z.looseObject({ name: z.string(), value: z.string() }))
    .meta({ description: 'What the requester filled in of the workflow’s inputs.' }),
  checklist: z.array(z.string()).meta({ description: TICKED }),
  requested_by: z.string(),
  requested_by_owner: tokenOwner,
  requested_at: time,
  expires_at: time,
  decision: z.looseObject({ by: z.string(), at: time, reason: z.string().nullable() }).nullable(),
  deploy_id: z.uuid().nullable(),
  yours: z.boolean(),
  decidable: z.boolean(),
})

const queuedSummary = {
  id: z.uuid(),
  kind: z.enum(DEPLOY_KINDS),
  source_id: z
    .string()
    .nullable()
    .meta({ description: 'The surface whose commit a promotion ships. Null for other kinds.' }),
  ref: z.string(),
  sha: z.string(),
  requested_by: z.string(),
  requested_by_owner: tokenOwner,
  requested_at: time,
  expires_at: time,
}

const queuePlace = z.looseObject({ ...queuedSummary, position: z.int().meta({ description: '1 is next.' }) })

const queueStop = z
  .looseObject({ deploy_id: z.uuid(), why: z.string() })
  .nullable()
  .meta({ description: 'Why the queue has stopped: after which deploy. Null while it goes on by itself.' })

const queueWait = z.string().nullable().meta({
  description:
    'Why no turn comes yet although the deploy ahead has ended. Null if nothing is waited for. The queue goes on by itself.',
})

const continueAfter = z.uuid().nullable().meta({
  description: 'The deploy to name to let the queue go on now. Null if nobody can, or need not.',
})

/** What waits at a surface. */
export const restQueue = z.looseObject({
  waiting: z.array(queuePlace),
  stop: queueStop,
  wait: queueWait,
  continue_after: continueAfter,
})

/** A queued request: a deploy that waits, or waited, for the deploys ahead. */
export const restQueued = z.looseObject({
  ...queuedSummary,
  state: z.enum(QUEUED_STATES),
  surface: z.looseObject({ id: z.string(), name: z.string(), environment: z.string() }),
  reason: z.string().nullable(),
  inputs: z.array(z.looseObject({ name: z.string(), value: z.string() })),
  checklist: z.array(z.string()).meta({ description: TICKED }),
  position: z.int().nullable().meta({ description: '1 is next. Null if it does not wait any more.' }),
  deploy_ahead: z
    .looseObject({ id: z.uuid(), requested_by: z.string(), ref: z.string() })
    .nullable()
    .meta({ description: 'The deploy that has the surface.' }),
  ahead: z.array(queuePlace).meta({ description: 'The requests that wait before this one.' }),
  stop: queueStop,
  wait: queueWait,
  continue_after: continueAfter,
  end: z.looseObject({ by: z.string(), at: time, reason: z.string().nullable() }).nullable(),
  replaced_by_id: z.uuid().nullable(),
  replaces_id: z.uuid().nullable().meta({ description: 'The older request that this one replaced.' }),
  deploy_id: z.uuid().nullable(),
  yours: z.boolean(),
  withdrawable: z.boolean(),
})

/** The caller's own requests. */
export const restOwnQueue = z.looseObject({
  waiting: z.array(restQueued),
  ended: z.array(restQueued).meta({ description: 'What ended in the last 24 hours without a deploy, newest first.' }),
})

/** Body of `POST …/surfaces/{id}/queue/continue`: the deploy after which the queue stopped. */
export const restContinueBody = z.strictObject({ deploy: id })

/** Answer of `…/queue/continue`. */
export const restContinued = z.looseObject({ surface: z.string(), continued_after: z.uuid() })

/** Body of `POST …/approvals/{id}/refuse`. */
export const restRefusalBody = z.strictObject({ reason: refusalReason })
