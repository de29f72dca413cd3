import 'server-only'
import { z } from 'zod'
import { ALARM_ACTIONS, TRANSITION_ACTIONS } from '~/domain/audit-event'
import type { LogLine } from '~/domain/deploy'
import type { Transition } from '~/domain/phases'
import { occurredAt } from '~/server/db/audit'
import type { DeployRow } from '~/server/db/deploys'
import type { Statements } from '~/server/db/statements'

/** Times within JSON come as PostgreSQL writes them, with their offset. */
const time = z.string().transform((text) => new Date(text))

const auditRow = z.object({
  at: time,
  actor: z.string(),
  action: z.string(),
  status: z.string().nullable(),
  payload: z.unknown(),
  recent: z.boolean(),
  newest: z.boolean(),
})
const logRows = z.array(z.object({ seq: z.int(), line: z.string(), at: time }))

const TRANSITIONS: readonly string[] = TRANSITION_ACTIONS
const ALARMS: readonly string[] = ALARM_ACTIONS

const row = z.object({
  id: z.string(),
  surfaceId: z.string(),
  environment: z.string(),
  repository: z.string(),
  workflow: z.string(),
  ref: z.string(),
  sha: z.string().nullable(),
  reason: z.string().nullable(),
  status: z.string(),
  failureStage: z.string().nullable(),
  failureDetail: z.string().nullable(),
  requestedBy: z.string(),
  requestDigest: z.string(),
  githubRunId: z.bigint().nullable(),
  githubRunAttempt: z.int().nullable(),
  logCount: z.int(),
  requestedAt: z.date(),
  lastEventAt: z.date(),
  finishedAt: z.date().nullable(),
  cancelRequestedAt: z.date().nullable(),
  cancelRequestedBy: z.string().nullable(),
  cancelAcknowledgedAt: z.date().nullable(),
  overrideReason: z.string().nullable(),
  overriddenFreezeIds: z.array(z.string()),
  kind: z.string(),
  approvedBy: z.string().nullable(),
  surface: z.object({
    id: z.string(),
    name: z.string(),
    environment: z.string(),
    url: z.string(),
    timeoutMinutes: z.int(),
  }) satisfies z.ZodType<DeployRow['surface']>,
  owner: z.string().nullable(),
  audit: z.array(auditRow),
  log: logRows,
})

export interface DeployRecord {
  readonly deploy: DeployRow
  /** Whose API token asked for it; null when a person did. */
  readonly owner: string | null
  /** Every accepted one, oldest first: what the steps are computed from. */
  readonly transitions: readonly Transition[]
  /** The newest row of each alarm, oldest first, however old: one per action and, for a mismatch, per run that reported. */
  readonly alarms: readonly z.output<typeof auditRow>[]
  /** The newest 200 rows, oldest first: a deploy has a dozen or two, refused callbacks could make it more. */
  readonly audit: readonly z.output<typeof auditRow>[]
  readonly log: { readonly lines: readonly LogLine[]; readonly cursor: number | null }
}

/**
 * A deploy with its surface, audit rows and newest log lines: what every poll reads, so it is one statement (ADR 009).
 * One statement is one snapshot: the status never contradicts the timeline beside it.
 */
export async function readDeployRecord(db: Statements, id: string, logLength: number): Promise<DeployRecord | null> {
  const rows = await db.$queryRaw`
    SELECT d."id", d."surface_id" AS "surfaceId", d."environment", d."repository", d."workflow", d."ref", d."sha",
      d."reason", d."status", d."failure_stage" AS "failureStage", d."failure_detail" AS "failureDetail",
      d."requested_by" AS "requestedBy", d."request_digest" AS "requestDigest", d."github_run_id" AS "githubRunId",
      d."github_run_attempt" AS "githubRunAttempt", d."log_count" AS "logCount",
      d."requested_at_utc" AS "requestedAt", d."last_event_at_utc" AS "lastEventAt", d."finished_at_utc" AS "finishedAt",
      d."cancel_requested_at_utc" AS "cancelRequestedAt", d."cancel_requested_by" AS "cancelRequestedBy",
      d."cancel_acknowledged_at_utc" AS "cancelAcknowledgedAt", d."override_reason" AS "overrideReason",
      d."overridden_freeze_ids" AS "overriddenFreezeIds", d."kind", d."approved_by" AS "approvedBy",
      json_build_object('id', s."id", 'name', s."name", 'environment', s."environment", 'url', s."url",
        'timeoutMinutes', s."timeout_minutes") AS "surface",
      (SELECT u."email" FROM "users" AS u
        WHERE u."id" = d."requested_by_user_id" AND d."requested_by" LIKE 'token:%') AS "owner",
      (SELECT coalesce(json_agg(a ORDER BY a."id"), '[]') FROM (
        SELECT "id", "at_utc" AS "at", "actor", "action", "status", "payload",
          row_number() OVER (ORDER BY "id" DESC) <= 200 AS "recent",
          row_number() OVER (PARTITION BY "action", "payload"->>'reported_run_id' ORDER BY "id" DESC) = 1 AS "newest"
        FROM "audit_events" WHERE "deploy_id" = d."id") AS a
        WHERE a."recent" OR a."action" = ANY(${TRANSITIONS}::text[])
          OR (a."newest" AND a."action" = ANY(${ALARMS}::text[]))) AS "audit",
      (SELECT coalesce(json_agg(l ORDER BY l."seq"), '[]') FROM (
        SELECT "seq", "line", "at_utc" AS "at" FROM "deploy_log_lines"
        WHERE "deploy_id" = d."id" ORDER BY "seq" DESC LIMIT ${logLength}) AS l) AS "log"
    FROM "console_deploys" AS d JOIN "surfaces" AS s ON s."id" = d."surface_id"
    WHERE d."id" = ${id}::uuid`
  const found = z.array(row).parse(rows)[0]
  if (found === undefined) return null
  const { owner, audit, log, ...deploy } = found
  const lines = log.map((line) => ({ ...line, at: line.at.toISOString() }))
  const first = lines[0]
  const transitions = audit.flatMap(({ action, status, at, payload }) =>
    status !== null && TRANSITIONS.includes(action) ? [{ status, at: occurredAt(payload) ?? at.toISOString() }] : [],
  )
  return {
    deploy,
    owner,
    transitions,
    alarms: audit.filter(({ newest, action }) => newest && ALARMS.includes(action)),
    audit: audit.filter(({ recent }) => recent),
    log: { lines, cursor: first !== undefined && first.seq > 1 ? first.seq : null },
  }
}
