import 'server-only'
import { z } from 'zod'
import type { AuditEvent } from '~/domain/audit-event'
import {
  type DeployStatus,
  type FailureStage,
  isTerminal,
  type Shipped,
  sourcesOf,
  UNFINISHED_STATUSES,
} from '~/domain/deploy-status'
import type { OwnRun } from '~/domain/outside-run'
import type { RunFacts } from '~/domain/run-evidence'
import type { DatabaseHandle } from '~/server/db/client'
import { queueDeliveries } from '~/server/db/deliveries'
import type { Prisma } from '~/server/db/generated/client.ts'
import type { Statements } from '~/server/db/statements'

export const deploySelect = {
  id: true,
  surfaceId: true,
  environment: true,
  repository: true,
  workflow: true,
  ref: true,
  sha: true,
  reason: true,
  status: true,
  failureStage: true,
  failureDetail: true,
  requestedBy: true,
  requestDigest: true,
  githubRunId: true,
  githubRunAttempt: true,
  logCount: true,
  requestedAt: true,
  lastEventAt: true,
  githubSilentSince: true,
  finishedAt: true,
  cancelRequestedAt: true,
  cancelRequestedBy: true,
  cancelAcknowledgedAt: true,
  overrideReason: true,
  overriddenFreezeIds: true,
  kind: true,
  approvedBy: true,
  shipped: true,
  runRecord: true,
  holdsSurface: true,
  lateRunId: true,
  lateRunAttempt: true,
  releasedAt: true,
  surface: { select: { id: true, name: true, environment: true, url: true, timeoutMinutes: true } },
} satisfies Prisma.DeploySelect

export type DeployRow = Prisma.DeployGetPayload<{ select: typeof deploySelect }>

export function findDeploy(db: DatabaseHandle, id: string): Promise<DeployRow | null> {
  return db.deploy.findUnique({ where: { id }, select: deploySelect })
}

const standing = z.object({ id: z.string(), status: z.string(), githubRunId: z.bigint().nullable() })

const standings = z.array(standing)

/** Where a deploy stands, for the answer to whoever asked for it. */
export type Standing = z.output<typeof standing>

/** Of a deploy that was committed before: its absence is a defect, not an answer. */
export async function readStanding(sql: Statements, id: string): Promise<Standing> {
  const rows = await sql.$queryRaw`
    SELECT "id", "status", "github_run_id" AS "githubRunId" FROM "console_deploys" WHERE "id" = ${id}::uuid`
  const found = standings.parse(rows)[0]
  if (found === undefined) throw new Error(`deploy ${id} was recorded and is gone`)
  return found
}

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
export async function lockDeploy(tx: Statements, id: string): Promise<LockedDeploy | null> {
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

/**
 * The one way a status is written: compare-and-set against the transition table, the audit row and, at the end, the outgoing
 * notification, in the caller's transaction; a status that is no end is one statement, and needs none. Gives where the deploy
 * stands now; null when it no longer stood where `to` can be reached from, and then nothing was written.
 */
export async function advanceDeploy(tx: Statements, advance: Advance): Promise<Standing | null> {
  const { deployId, surfaceId, to, actor, at, event, onlyFrom } = advance
  const sources = sourcesOf(to).filter((from) => onlyFrom === undefined || from === onlyFrom)
  // One statement instead of two: every callback waits for it under the row's lock (ADR 009).
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
  const moved = standings.parse(rows)[0] ?? null
  if (moved !== null && isTerminal(to)) await queueDeliveries(tx, deployId, at)
  return moved
}

/**
 * Deploys that hold their surface, unfinished or not proven to be over, not heard of since `silentSince` and not asked about since `notLookedSince`; whose turn is longest ago
 * comes first.
 */
export function listSilentDeploys(
  db: DatabaseHandle,
  since: { readonly silentSince: Date; readonly notLookedSince: Date },
  limit: number,
) {
  return db.deploy.findMany({
    where: {
      lastEventAt: { lt: since.silentSince },
      AND: [
        { OR: [{ status: { in: [...UNFINISHED_STATUSES] } }, { holdsSurface: true }] },
        { OR: [{ lastLookedAt: null }, { lastLookedAt: { lt: since.notLookedSince } }] },
      ],
    },
    orderBy: [{ lastLookedAt: { sort: 'asc', nulls: 'first' } }, { lastEventAt: 'asc' }],
    take: limit,
    select: { id: true },
  })
}

/** How far back a line is looked for that a repeated callback brings again: what the deploy's page shows at once. */
const REPEATED_WITHIN = 200

/**
 * Keeps what a callback reports beside its status, under the row's lock: the log line, numbered by the row's own count,
 * and the commit where none was known. A callback that moved nothing adds no line that is there already.
 */
export async function keepReport(
  tx: Statements,
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

/** Those of these ids that are deploys of this console, with the run on record. */
export function listDeploysAmong(db: DatabaseHandle, ids: readonly string[]) {
  return db.deploy.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, status: true, githubRunId: true, githubRunAttempt: true, lateRunId: true },
  })
}

/** The deploy that has ended and still holds the surface; null when none does. */
export function findHoldingDeploy(db: DatabaseHandle, surfaceId: string) {
  return db.deploy.findFirst({
    where: { surfaceId, holdsSurface: true },
    orderBy: { id: 'desc' },
    select: { id: true, status: true, githubRunId: true, lateRunId: true },
  })
}

/** Those of these runs that belong to deploys of the console, with what is known of the deploy. */
export async function runsOfDeploys(db: DatabaseHandle, runIds: readonly bigint[]): Promise<Map<bigint, OwnRun>> {
  const rows = await db.deploy.findMany({
    where: { githubRunId: { in: [...runIds] } },
    select: { githubRunId: true, surfaceId: true, finishedAt: true },
  })
  return new Map(rows.flatMap(({ githubRunId, ...own }) => (githubRunId === null ? [] : [[githubRunId, own]])))
}

/** The deploys this run belongs to, or holds the surface of after their end. */
export function deploysOfRun(db: DatabaseHandle, runId: bigint) {
  return db.deploy.findMany({
    where: { OR: [{ githubRunId: runId }, { holdsSurface: true, lateRunId: runId }] },
    select: { id: true, lastLookedAt: true },
  })
}

/** Facts that may be filled in beside the status, under the row's lock. */
export async function updateDeployFacts(
  tx: Statements,
  id: string,
  facts: {
    readonly lastLookedAt?: Date
    readonly githubRunAttempt?: number
    readonly runRecord?: RunFacts
    readonly shipped?: Shipped
    readonly holdsSurface?: boolean
    readonly lateRun?: { readonly runId: bigint; readonly attempt: number }
  },
): Promise<void> {
  const runRecord = facts.runRecord === undefined ? null : JSON.stringify(facts.runRecord)
  await tx.$executeRaw`
    UPDATE "console_deploys" SET "last_looked_at_utc" = coalesce(${facts.lastLookedAt ?? null}, "last_looked_at_utc"),
      "github_run_attempt" = coalesce(${facts.githubRunAttempt ?? null}, "github_run_attempt"),
      "run_record" = coalesce(${runRecord}::jsonb, "run_record"), "shipped" = coalesce(${facts.shipped ?? null}, "shipped"),
      "holds_surface" = coalesce(${facts.holdsSurface ?? null}, "holds_surface"),
      "late_run_id" = coalesce(${facts.lateRun?.runId ?? null}, "late_run_id"),
      "late_run_attempt" = coalesce(${facts.lateRun?.attempt ?? null}, "late_run_attempt")
    WHERE "id" = ${id}::uuid`
}

/** Since when GitHub has not answered about the deploy: the first failed look is kept. Null: it has answered. */
export async function recordGitHubSilence(db: Statements, id: string, since: Date | null): Promise<void> {
  await db.$executeRaw`
    UPDATE "console_deploys" SET "github_silent_since_utc" =
      CASE WHEN ${since}::timestamptz IS NULL THEN NULL ELSE coalesce("github_silent_since_utc", ${since}) END
    WHERE "id" = ${id}::uuid`
}

/** Somebody gave the deploy up, or freed its surface. */
export async function recordRelease(
  tx: Statements,
  id: string,
  release: { readonly at: Date; readonly by: string; readonly reason: string },
): Promise<void> {
  await tx.$executeRaw`
    UPDATE "console_deploys" SET "holds_surface" = false, "released_at_utc" = ${release.at}, "released_by" = ${release.by},
      "release_reason" = ${release.reason}
    WHERE "id" = ${id}::uuid`
}

/** Back-fills the run of a deploy; false when one is already on record, which is never changed. */
export async function fillRun(tx: Statements, id: string, runId: bigint): Promise<boolean> {
  const written = await tx.$executeRaw`
    UPDATE "console_deploys" SET "github_run_id" = ${runId} WHERE "id" = ${id}::uuid AND "github_run_id" IS NULL`
  return written > 0
}

/** True for one of those who ask at the same time, unless somebody has looked since `sinceBefore`. */
export async function claimRunLookup(db: DatabaseHandle, id: string, now: Date, sinceBefore: Date): Promise<boolean> {
  const { count } = await db.deploy.updateMany({
    where: { id, githubRunId: null, OR: [{ lastLookedAt: null }, { lastLookedAt: { lt: sinceBefore } }] },
    data: { lastLookedAt: now },
  })
  return count === 1
}
