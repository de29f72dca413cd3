import 'server-only'
import { z } from 'zod'
import { type AuditEvent, toStoredEvent } from '~/domain/audit/event'
import { type DeployStatus, type FailureStage, isTerminal, type Shipped, sourcesOf } from '~/domain/deploy/status'
import { queueDeliveries } from '~/server/deliveries/deliveries'
import type { Standing } from '~/server/deploys/deploys'
import type { DatabaseHandle } from '~/server/platform/database'

const lockedRow = z.object({
  surfaceId: z.string(),
  environment: z.string(),
  repository: z.string(),
  repositoryId: z.bigint().nullable(),
  workflow: z.string(),
  workflowRef: z.string(),
  /** The weakest proof a report may come with. */
  callbacks: z.string(),
  sha: z.string().nullable(),
  status: z.string(),
  githubRunId: z.bigint().nullable(),
  githubRunAttempt: z.int().nullable(),
  lateRunId: z.bigint().nullable(),
  lateRunAttempt: z.int().nullable(),
  holdsSurface: z.boolean(),
})
const lockedRows = z.array(lockedRow)
export type LockedDeploy = z.output<typeof lockedRow>

/**
 * Takes the row's lock until the transaction ends, so that events of one deploy are decided one after the other and
 * log lines are numbered in the order they are committed. Null when there is no such deploy.
 */
export async function lockDeploy(tx: DatabaseHandle, id: string): Promise<LockedDeploy | null> {
  const rows = await tx.$queryRaw`
    SELECT "surface_id" AS "surfaceId", "environment", "repository", "repository_id" AS "repositoryId", "workflow",
      "workflow_ref" AS "workflowRef", "callbacks", "sha", "status", "github_run_id" AS "githubRunId",
      "github_run_attempt" AS "githubRunAttempt", "late_run_id" AS "lateRunId",
      "late_run_attempt" AS "lateRunAttempt", "holds_surface" AS "holdsSurface"
    FROM "console_deploys" WHERE "id" = ${id}::uuid FOR UPDATE`
  return lockedRows.parse(rows)[0] ?? null
}

export interface Advance {
  /** Narrows where the deploy may stand, beside what the graph allows. */
  readonly onlyFrom?: DeployStatus
  readonly deployId: string
  readonly surfaceId: string
  readonly to: DeployStatus
  readonly actor: string
  readonly at: Date
  /** When it happened, where that is known to be earlier than `at`. */
  readonly occurredAt?: Date
  readonly event: Extract<AuditEvent, { status: DeployStatus }>
  /** Put on record, where no other run is. */
  readonly runId?: bigint | null
  readonly failureStage?: FailureStage | null
  readonly failureDetail?: string
  /** What this event proves; without it the row keeps what was proven before. */
  readonly shipped?: Shipped
  /** The deploy ends without proof that its run is over, so it goes on holding its surface. */
  readonly holdsSurface?: boolean
}

const movedRows = z.array(z.object({ id: z.string(), status: z.string(), githubRunId: z.bigint().nullable() }))

/**
 * The one way a status is written: compare-and-set against the transition table, the audit row and, at the end, the outgoing
 * notification, in the caller's transaction. The row and its audit row are one statement, so one is never without the other. Gives
 * where the deploy stands now; null when it no longer stood where `to` can be reached from, and then nothing was written.
 */
export async function advanceDeploy(tx: DatabaseHandle, advance: Advance): Promise<Standing | null> {
  const { deployId, surfaceId, to, actor, at, onlyFrom } = advance
  const event = toStoredEvent(advance.event)
  const sources = sourcesOf(to).filter((from) => onlyFrom === undefined || from === onlyFrom)
  const rows = await tx.$queryRaw`
    WITH moved AS (
      UPDATE "console_deploys" SET "status" = ${to}, "last_event_at_utc" = ${at},
        "finished_at_utc" = CASE WHEN ${isTerminal(to)} THEN ${advance.occurredAt ?? at} ELSE "finished_at_utc" END,
        "failure_stage" = coalesce(${advance.failureStage ?? null}, "failure_stage"),
        "failure_detail" = coalesce(${advance.failureDetail ?? null}, "failure_detail"),
        "github_run_id" = coalesce("github_run_id", ${advance.runId ?? null}),
        "shipped" = coalesce(${advance.shipped ?? null}, "shipped"), "holds_surface" = ${advance.holdsSurface ?? false}
      WHERE "id" = ${deployId}::uuid AND "status" = ANY(${sources}::text[])
      RETURNING "id", "status", "github_run_id"),
    audited AS (
      INSERT INTO "audit_events" ("at_utc", "actor", "action", "deploy_id", "surface_id", "status", "payload")
      SELECT ${at}, ${actor}, ${event.action}, moved."id", ${surfaceId}, ${event.status}, ${JSON.stringify(event.payload)}::jsonb
      FROM moved)
    SELECT "id", "status", "github_run_id" AS "githubRunId" FROM moved`
  const moved = movedRows.parse(rows)[0] ?? null
  if (moved !== null && isTerminal(to)) await queueDeliveries(tx, deployId, at)
  return moved
}

/** How far back a line is looked for that a repeated callback brings again: what the deploy's page shows at once. */
const REPEATED_WITHIN = 200

/**
 * Keeps what a callback reports beside its status, under the row's lock: the log line, numbered by the row's own count,
 * and the commit where none was known. A callback that moved nothing adds no line that is there already. The models for it
 * would need two queries or three (docs/performance.md, "Dispatch and callbacks over Prisma models").
 */
export async function keepReport(
  tx: DatabaseHandle,
  id: string,
  report: {
    readonly at: Date
    readonly logLine: string | null
    readonly moved: boolean
    readonly sha: string | null
  },
): Promise<void> {
  const { at, logLine, moved, sha } = report
  await tx.$executeRaw`
    WITH fresh AS (
      SELECT ${logLine}::text AS "line" WHERE ${logLine}::text IS NOT NULL AND (${moved} OR ${logLine}::text NOT IN (
        SELECT "line" FROM "deploy_log_lines" WHERE "deploy_id" = ${id}::uuid
        ORDER BY "seq" DESC LIMIT ${REPEATED_WITHIN}))),
    deploy AS (
      UPDATE "console_deploys" SET "last_event_at_utc" = ${at}, "log_count" = "log_count" + (SELECT count(*) FROM fresh),
        "sha" = coalesce("sha", ${sha})
      WHERE "id" = ${id}::uuid
      RETURNING "id", "log_count")
    INSERT INTO "deploy_log_lines" ("deploy_id", "seq", "line", "at_utc")
    SELECT deploy."id", deploy."log_count", fresh."line", ${at} FROM deploy, fresh`
}
