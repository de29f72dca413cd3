import { z } from 'zod'

// What the command line reads of the answers of the REST API (docs/rest.md). An answer may have more members.

const place = z.object({
  id: z.string(),
  position: z.number(),
  kind: z.string(),
  source_id: z.string().nullable().default(null),
  ref: z.string(),
  sha: z.string(),
  requested_by: z.string(),
})
const stop = z.object({ deploy_id: z.string(), why: z.string() }).nullable()
/** A console of the version before has none. */
const wait = z.string().nullable().default(null)
const continueAfter = z.string().nullable().default(null)

export const surfaceAnswer = z.looseObject({
  id: z.string(),
  name: z.string(),
  environment: z.string(),
  ref: z.string(),
  confirm: z.string(),
  health: z.object({ state: z.string(), detail: z.string().nullable() }),
  version: z.object({ sha: z.string(), tag: z.string().nullable(), behind_by: z.number().nullable() }).nullable(),
  last_deploy: z.object({ id: z.string(), headline: z.string() }).nullable(),
  last_good: z.object({ deploy_id: z.string(), sha: z.string() }).nullable(),
  held: z.object({ deploy_id: z.string(), run_id: z.string().nullable() }).nullable(),
  waiting_approval_id: z.string().nullable(),
  queue: z.object({ waiting: z.array(place), stop, wait, continue_after: continueAfter }),
  freezes: z.array(z.object({ kind: z.string(), reason: z.string(), until: z.string().nullable() })),
  deploy_freeze: z.string().nullable(),
  armed: z.object({ mode: z.string(), minutes: z.number() }).nullable().optional(),
  alarm: z.string().nullable(),
})
export type SurfaceAnswer = z.output<typeof surfaceAnswer>

export const surfacesAnswer = z.looseObject({ surfaces: z.array(surfaceAnswer) })

const commit = z.object({ sha: z.string(), title: z.string(), author: z.string() })

export const reviewAnswer = z.looseObject({
  ref: z.string(),
  sha: z.string(),
  running_sha: z.string().nullable(),
  comparison: z
    .object({ adds: z.number(), removes: z.number(), commits: z.array(commit), removed: z.array(commit) })
    .nullable(),
  warnings: z.array(z.object({ kind: z.string(), text: z.string(), blocking: z.boolean() })),
  freeze_ids: z.array(z.string()),
  checklist: z.array(z.string()),
  basis: z.object({ declaration: z.string(), workflow_ref: z.string(), workflow_file: z.string().nullable() }),
})
export type ReviewAnswer = z.output<typeof reviewAnswer>

export const approvalAnswer = z.looseObject({
  id: z.string(),
  state: z.string(),
  surface: z.object({ id: z.string(), environment: z.string() }),
  ref: z.string(),
  sha: z.string(),
  requested_by: z.string(),
  checklist: z.array(z.string()),
  expires_at: z.string(),
  decision: z.object({ by: z.string(), reason: z.string().nullable() }).nullable(),
  deploy_id: z.string().nullable(),
})
export type ApprovalAnswer = z.output<typeof approvalAnswer>

export const approvalsAnswer = z.looseObject({ waiting: z.array(approvalAnswer) })

/** A deploy that waits for the deploys ahead. */
export const queuedAnswer = z.looseObject({
  id: z.string(),
  state: z.string(),
  surface: z.object({ id: z.string(), environment: z.string() }),
  kind: z.string(),
  source_id: z.string().nullable().default(null),
  ref: z.string(),
  sha: z.string(),
  position: z.number().nullable(),
  deploy_ahead: z.object({ id: z.string(), requested_by: z.string(), ref: z.string() }).nullable(),
  stop,
  wait,
  expires_at: z.string(),
  end: z.object({ by: z.string(), reason: z.string().nullable() }).nullable(),
  deploy_id: z.string().nullable(),
})
export type QueuedAnswer = z.output<typeof queuedAnswer>

/** The caller's own requests. */
export const ownQueueAnswer = z.looseObject({ waiting: z.array(queuedAnswer), ended: z.array(queuedAnswer) })

/** A deploy, or an approval or a queued request that waits. */
export const dispatchAnswer = z.union([
  z.object({ approval: approvalAnswer }),
  z.object({ queued: queuedAnswer }),
  z.object({ id: z.string(), status: z.string(), run_id: z.string().nullable() }),
])

export const deployAnswer = z.looseObject({
  id: z.string(),
  status: z.string(),
  terminal: z.boolean(),
  headline: z.string(),
  sentences: z.array(z.string()),
  phases: z.array(z.object({ key: z.string(), label: z.string(), state: z.string() })),
  surface: z.object({ id: z.string(), environment: z.string() }),
  ref: z.string(),
  sha: z.string().nullable(),
  requested_by: z.string(),
  run_url: z.string().nullable(),
  quiet: z.object({ sentence: z.string() }).nullable(),
  warnings: z.array(z.string()),
  watch: z
    .object({ sentences: z.array(z.string()), stoppable: z.boolean() })
    .nullable()
    .optional(),
  log_tail: z.array(z.object({ seq: z.number(), line: z.string() })),
})
export type DeployAnswer = z.output<typeof deployAnswer>

export const freezeAnswer = z.looseObject({
  id: z.string(),
  kind: z.string(),
  state: z.string(),
  environment: z.string().nullable(),
  surface: z.object({ id: z.string() }).nullable(),
  reason: z.string(),
  ends_at: z.string().nullable(),
  created_by: z.string(),
  recurrence: z
    .object({ rule: z.string(), time_zone: z.string(), local_start: z.string(), duration_minutes: z.number() })
    .nullable(),
})

export type FreezeAnswer = z.output<typeof freezeAnswer>

export const freezesAnswer = z.looseObject({ freezes: z.array(freezeAnswer) })

/** An answer that is only printed. */
export const anyAnswer = z.looseObject({})

/** A problem document (RFC 9457). */
export const problemAnswer = z.looseObject({ code: z.string(), detail: z.string() })
