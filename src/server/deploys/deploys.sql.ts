import 'server-only'
import { z } from 'zod'
import { type AuditEvent, toStoredEvent } from '~/domain/audit/event'
import { runFacts } from '~/domain/deploy/run-record'
import { type DeployStatus, type FailureStage, isTerminal, type Shipped, sourcesOf } from '~/domain/deploy/status'
import { queueDeliveries } from '~/server/deliveries/deliveries'
import type { DeployState } from '~/server/deploys/deploys'
import type { DatabaseHandle } from '~/server/platform/database'
import { addJob } from '~/server/platform/jobs.sql'

const lockedRow = z.object({
  surfaceId: z.string(),
  environment: z.string(),
  repository: z.string(),
  repositoryId: z.bigint().nullable(),
  workflow: z.string(),
  workflowRef: z.string(),
  /** The weakest proof that a callback of this deploy may carry. */
  callbacks: z.string(),
  sha: z.string().nullable(),
  status: z.string(),
  githubRunId: z.bigint().nullable(),
  githubRunAttempt: z.int().nullable(),
  lateRunId: z.bigint().nullable(),
  lateRunAttempt: z.int().nullable(),
  holdsSurface: z.boolean(),
  runRecord: runFacts.nullable().catch(null),
})
const lockedRows = z.array(lockedRow)
export type LockedDeploy = z.output<typeof lockedRow>

/**
 * Locks the row until the transaction ends, so that events of one deploy are decided one after another and log lines are numbered
 * in commit order. Null when there is no such deploy.
 */
export async function lockDeploy(tx: DatabaseHandle, id: string): Promise<LockedDeploy | null> {
  const rows = await tx.$queryRaw`
    SELECT "surface_id" AS "surfaceId", "environment", "repository", "repository_id" AS "repositoryId", "workflow",
      "workflow_ref" AS "workflowRef", "callbacks", "sha", "status", "github_run_id" AS "githubRunId",
      "github_run_attempt" AS "githubRunAttempt", "late_run_id" AS "lateRunId",
      "late_run_attempt" AS "lateRunAttempt", "holds_surface" AS "holdsSurface", "run_record" AS "runRecord"
    FROM "console_deploys" WHERE "id" = ${id}::uuid FOR UPDATE`
  return lockedRows.parse(rows)[0] ?? null
}

/** Locks a surface, its watched deploy and the watch, in the order of a new deploy, until the transaction ends. */
export async function lockWatch(tx: DatabaseHandle, surfaceId: string, deployId: string): Promise<void> {
  await tx.$executeRaw`SELECT FROM "surfaces" WHERE "id" = ${surfaceId} FOR NO KEY UPDATE`
  await lockDeploy(tx, deployId)
  await tx.$executeRaw`SELECT FROM "deploy_watches" WHERE "deploy_id" = ${deployId}::uuid FOR UPDATE`
}

export interface Advance {
  /** Restricts the source status further than the transition table does. */
  readonly onlyFrom?: DeployStatus
  readonly deployId: string
  readonly surfaceId: string
  readonly to: DeployStatus
  readonly actor: string
  readonly at: Date
  /** The time of the event itself, if it is known to be earlier than `at`. */
  readonly occurredAt?: Date
  readonly event: Extract<AuditEvent, { status: DeployStatus }>
  /** Recorded only if no run is on record. */
  readonly runId?: bigint | null
  readonly failureStage?: FailureStage | null
  readonly failureDetail?: string
  /** What this event proves. If omitted, the row keeps its value. */
  readonly shipped?: Shipped
  /** True when the deploy ends without proof that its run is over: it keeps holding its surface. */
  readonly holdsSurface?: boolean
}

/** With growing pauses, about an hour. */
const COMMIT_TIME_ATTEMPTS = 10

const movedRows = z.array(
  z.object({
    id: z.string(),
    status: z.string(),
    githubRunId: z.bigint().nullable(),
    githubEnvironment: z.string().nullable(),
    environment: z.string(),
    kind: z.string(),
    /** Whether requests wait in the queue of the surface. */
    hasQueue: z.boolean(),
  }),
)

/**
 * The only write of a status: compare-and-set against the transition table, the audit row and, for an end, the deliveries, in the
 * caller's transaction. One statement writes the status and its audit row. Returns the new state; null, with nothing written, when
 * the current status does not allow `to`.
 */
export async function advanceDeploy(tx: DatabaseHandle, advance: Advance): Promise<DeployState | null> {
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
      RETURNING "id", "status", "github_run_id", "github_environment", "environment", "kind"),
    audited AS (
      INSERT INTO "audit_events" ("at_utc", "actor", "action", "deploy_id", "surface_id", "status", "payload")
      SELECT ${at}, ${actor}, ${event.action}, moved."id", ${surfaceId}, ${event.status}, ${JSON.stringify(event.payload)}::jsonb
      FROM moved)
    SELECT "id", "status", "github_run_id" AS "githubRunId", "github_environment" AS "githubEnvironment", "environment", "kind",
      EXISTS (SELECT FROM "queued_requests" WHERE "surface_id" = ${surfaceId} AND "state" = 'waiting') AS "hasQueue"
    FROM moved`
  const [found] = movedRows.parse(rows)
  if (found === undefined) return null
  const { githubEnvironment, environment, kind, hasQueue, ...moved } = found
  if (isTerminal(to)) await queueDeliveries(tx, deployId, at)
  if (isTerminal(to) && hasQueue) await addJob(tx, { task: 'take_turn', payload: { surfaceId } })
  if (githubEnvironment !== null && (to === 'dispatched' || isTerminal(to))) {
    await addJob(tx, { task: 'report_deployment', payload: { deployId } })
  }
  // Lead times are those of changes that reached production (docs/adr/064).
  if (to === 'succeeded' && environment === 'production' && kind !== 'rollback') {
    const job = { task: 'read_commit_time', payload: { deployId } } as const
    await addJob(tx, job, { maxAttempts: COMMIT_TIME_ATTEMPTS, lowPriority: true })
  }
  return moved
}

/** How many of the newest lines are searched for the line of a repeated callback: as many as a deploy's page shows at once. */
const REPEATED_WITHIN = 200

/**
 * Stores the log line of a callback, numbered by the row's own count, and its commit if none is known. A callback that moved nothing
 * adds no line that is already stored. The caller holds the row lock. Prisma models would need two or three queries
 * (docs/performance.md, "Dispatch and callbacks over Prisma models").
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
