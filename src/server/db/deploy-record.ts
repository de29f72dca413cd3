import 'server-only'
import { z } from 'zod'
import { ALARM_ACTIONS, TRANSITION_ACTIONS } from '~/domain/audit-event'
import type { LogLine } from '~/domain/deploy'
import type { Transition } from '~/domain/phases'
import { occurredAt, transitionOf } from '~/server/db/audit'
import { jsonTime } from '~/server/db/json-time'
import type { Statements } from '~/server/db/statements'

const auditRow = z.object({
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  status: z.string().nullable(),
  payload: z.unknown(),
})
const logRow = z.object({ seq: z.int(), line: z.string(), at: z.string() })

/** As `Date.toISOString` writes it, so that no time of a row is read and written again. */
const ISO_TIME = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'

const TRANSITIONS: readonly string[] = TRANSITION_ACTIONS
const ALARMS: readonly string[] = ALARM_ACTIONS
const LASTING: readonly string[] = [...TRANSITION_ACTIONS, ...ALARM_ACTIONS]

/** As many as the timeline shows: a deploy has a dozen or two, refused callbacks could make it more. */
const TIMELINE_LENGTH = 200

/** Something of it changes when anything does that a poll shows of a deploy. */
const versionParts = {
  /**
   * The row as a transaction wrote it: with each change of a column, and each log line, which is counted there. What stands beside the
   * transaction's number is for a database that was set back, and gives out the same numbers again.
   */
  written: z.string(),
  /** How many audit rows there are: they are appended only. */
  events: z.int(),
  surface: z.object({
    id: z.string(),
    name: z.string(),
    environment: z.string(),
    url: z.string(),
    /** What the surface has said it runs since this deploy ended; null while it has not, or once another deploy came. */
    reportedSha: z.string().nullable(),
  }),
  owner: z.string().nullable(),
}

const record = z.object({
  id: z.string(),
  surfaceId: z.string(),
  repository: z.string(),
  workflow: z.string(),
  ref: z.string(),
  sha: z.string().nullable(),
  reason: z.string().nullable(),
  status: z.string(),
  failureStage: z.string().nullable(),
  failureDetail: z.string().nullable(),
  requestedBy: z.string(),
  githubRunId: z.string().transform(BigInt).nullable(),
  githubRunAttempt: z.int().nullable(),
  requestedAt: jsonTime,
  githubSilentSince: jsonTime.nullable(),
  finishedAt: jsonTime.nullable(),
  cancelRequestedAt: jsonTime.nullable(),
  cancelRequestedBy: z.string().nullable(),
  cancelAcknowledgedAt: jsonTime.nullable(),
  overrideReason: z.string().nullable(),
  kind: z.string(),
  approvedBy: z.string().nullable(),
  runRecord: z.unknown(),
  holdsSurface: z.boolean(),
  lateRunId: z.string().transform(BigInt).nullable(),
  lateRunAttempt: z.int().nullable(),
  releasedAt: jsonTime.nullable(),
  ...versionParts,
  audit: z.array(auditRow),
  log: z.array(logRow),
})

const answer = z.array(z.object({ record }))
const versionAnswer = z.array(z.object({ parts: z.object(versionParts) }))

export interface RecordedEvent extends Omit<z.output<typeof auditRow>, 'at'> {
  /** ISO time; GitHub's own of an event the reconciler found later. */
  readonly at: string
}

export interface DeployRecord {
  readonly deploy: Omit<z.output<typeof record>, 'owner' | 'audit' | 'log' | 'written' | 'events'>
  /** The same again only while nothing of all this changes. Of any length. */
  readonly version: string
  /** Whose API token asked for it; null when a person did. */
  readonly owner: string | null
  /** Every accepted one, oldest first: what the steps are computed from. */
  readonly transitions: readonly Transition[]
  /** The newest row of each alarm, oldest first, however old: one per action and, where a callback said otherwise than the record, per run or commit it named. */
  readonly alarms: readonly RecordedEvent[]
  /** The newest rows, oldest first. */
  readonly timeline: readonly RecordedEvent[]
  readonly log: { readonly lines: readonly LogLine[]; readonly cursor: number | null }
}

/**
 * A deploy with its surface, audit rows and newest log lines: what every poll reads, so it is one statement, and its answer
 * one value (ADR 009). One statement is one snapshot: the status never contradicts the timeline beside it. Of the rows older
 * than the newest ones it reads the transitions (each status is reached once) and the newest of each alarm.
 */
export async function readDeployRecord(db: Statements, id: string, logLength: number): Promise<DeployRecord | null> {
  const rows = await db.$queryRaw`
    SELECT row_to_json(r) AS "record" FROM (
      SELECT d."id", d."surface_id" AS "surfaceId", d."repository", d."workflow", d."ref", d."sha", d."reason", d."status",
        d."failure_stage" AS "failureStage", d."failure_detail" AS "failureDetail", d."requested_by" AS "requestedBy",
        d."github_run_id"::text AS "githubRunId", d."github_run_attempt" AS "githubRunAttempt",
        d."requested_at_utc" AS "requestedAt", d."github_silent_since_utc" AS "githubSilentSince", d."finished_at_utc" AS "finishedAt",
        d."cancel_requested_at_utc" AS "cancelRequestedAt", d."cancel_requested_by" AS "cancelRequestedBy",
        d."cancel_acknowledged_at_utc" AS "cancelAcknowledgedAt", d."override_reason" AS "overrideReason",
        d."kind", d."approved_by" AS "approvedBy", d."run_record" AS "runRecord", d."holds_surface" AS "holdsSurface",
        d."late_run_id"::text AS "lateRunId", d."late_run_attempt" AS "lateRunAttempt", d."released_at_utc" AS "releasedAt",
        concat_ws(' ', d."xmin", d."status", d."log_count", d."last_event_at_utc") AS "written",
        (SELECT count(*) FROM "audit_events" WHERE "deploy_id" = d."id") AS "events",
        (SELECT row_to_json(s) FROM (SELECT "id", "name", "environment", "url",
            CASE WHEN "last_deploy_id" = d."id" AND "running_seen_at_utc" > d."finished_at_utc" THEN "running_sha" END
              AS "reportedSha"
          FROM "surfaces" WHERE "id" = d."surface_id") AS s) AS "surface",
        (SELECT u."email" FROM "users" AS u
          WHERE u."id" = d."requested_by_user_id" AND d."requested_by" LIKE 'token:%') AS "owner",
        (SELECT coalesce(json_agg(a ORDER BY a."id"), '[]') FROM (
          (SELECT "id", to_char("at_utc" AT TIME ZONE 'UTC', ${ISO_TIME}) AS "at", "actor", "action", "status", "payload"
            FROM "audit_events"
            WHERE "deploy_id" = d."id" ORDER BY "id" DESC LIMIT ${TIMELINE_LENGTH})
          UNION ALL
          (SELECT DISTINCT ON ("action", "status", coalesce("payload"->>'reported_run_id', "payload"->>'reported_sha'))
              "id", to_char("at_utc" AT TIME ZONE 'UTC', ${ISO_TIME}), "actor", "action", "status", "payload"
            FROM "audit_events"
            WHERE "deploy_id" = d."id" AND "action" = ANY(${LASTING}::text[]) AND "id" <= (
              SELECT "id" FROM "audit_events" WHERE "deploy_id" = d."id"
              ORDER BY "id" DESC OFFSET ${TIMELINE_LENGTH} LIMIT 1)
            ORDER BY "action", "status", coalesce("payload"->>'reported_run_id', "payload"->>'reported_sha'), "id" DESC)) AS a) AS "audit",
        (SELECT coalesce(json_agg(l ORDER BY l."seq"), '[]') FROM (
          SELECT "seq", "line", to_char("at_utc" AT TIME ZONE 'UTC', ${ISO_TIME}) AS "at" FROM "deploy_log_lines"
          WHERE "deploy_id" = d."id" ORDER BY "seq" DESC LIMIT ${logLength}) AS l) AS "log"
      FROM "console_deploys" AS d WHERE d."id" = ${id}::uuid) AS r`
  const found = answer.parse(rows)[0]?.record
  if (found === undefined) return null
  const { owner, audit, log, written: _, events: __, ...deploy } = found
  const events = audit.map((row) => ({ ...row, at: occurredAt(row.payload) ?? row.at }))
  const first = log[0]
  const transitions = events.flatMap(({ status, ...row }) =>
    status !== null && TRANSITIONS.includes(row.action) ? [transitionOf({ ...row, status })] : [],
  )
  return {
    deploy,
    version: versionOf(found),
    owner,
    transitions,
    alarms: newestOfEach(events.filter(({ action }) => ALARMS.includes(action))),
    timeline: events.slice(-TIMELINE_LENGTH),
    log: { lines: log, cursor: first !== undefined && first.seq > 1 ? first.seq : null },
  }
}

/** The `version` a record would have now, without reading all of it; null when there is no such deploy. */
export async function readDeployVersion(db: Statements, id: string): Promise<string | null> {
  const rows = await db.$queryRaw`
    SELECT row_to_json(p) AS "parts" FROM (
      SELECT concat_ws(' ', d."xmin", d."status", d."log_count", d."last_event_at_utc") AS "written",
        (SELECT count(*) FROM "audit_events" WHERE "deploy_id" = d."id") AS "events",
        (SELECT row_to_json(s) FROM (SELECT "id", "name", "environment", "url",
            CASE WHEN "last_deploy_id" = d."id" AND "running_seen_at_utc" > d."finished_at_utc" THEN "running_sha" END
              AS "reportedSha"
          FROM "surfaces" WHERE "id" = d."surface_id") AS s) AS "surface",
        (SELECT u."email" FROM "users" AS u
          WHERE u."id" = d."requested_by_user_id" AND d."requested_by" LIKE 'token:%') AS "owner"
      FROM "console_deploys" AS d WHERE d."id" = ${id}::uuid) AS p`
  const found = versionAnswer.parse(rows)[0]
  return found === undefined ? null : versionOf(found.parts)
}

const versionOf = ({ written, events, surface, owner }: z.output<z.ZodObject<typeof versionParts>>): string =>
  JSON.stringify([
    ...[written, events, owner],
    ...[surface.id, surface.name, surface.environment, surface.url, surface.reportedSha],
  ])

const reported = z.object({ reported_run_id: z.string().optional(), reported_sha: z.string().optional() })

function newestOfEach(alarms: readonly RecordedEvent[]): RecordedEvent[] {
  const keyOf = ({ action, payload }: RecordedEvent) => {
    const { reported_run_id, reported_sha } = reported.safeParse(payload).data ?? {}
    return `${action} ${reported_run_id ?? reported_sha ?? ''}`
  }
  const newest = new Map(alarms.map((row) => [keyOf(row), row]))
  return alarms.filter((row) => newest.get(keyOf(row)) === row)
}
