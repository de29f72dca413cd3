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

export const standingSelect = { id: true, status: true, githubRunId: true } satisfies Prisma.DeploySelect

/** Where a deploy stands, for the answer to whoever asked for it. */
export type Standing = Prisma.DeployGetPayload<{ select: typeof standingSelect }>

/** Of a deploy that was committed before: its absence is a defect, not an answer. */
export function readStanding(db: DatabaseHandle, id: string): Promise<Standing> {
  return db.deploy.findUniqueOrThrow({ where: { id }, select: standingSelect })
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
  logCount: z.int(),
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
      "github_run_attempt" AS "githubRunAttempt", "log_count" AS "logCount", "late_run_id" AS "lateRunId",
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
  const { deployId, surfaceId, to, actor, at, event, onlyFrom } = advance
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
  tx: DatabaseHandle,
  id: string,
  known: Pick<LockedDeploy, 'logCount' | 'sha'>,
  report: {
    readonly at: Date
    readonly logLine: string | null
    readonly moved: boolean
    readonly sha: string | null
  },
): Promise<void> {
  const { at, logLine: line, moved, sha } = report
  const isNew = line !== null && (moved || !(await isAmongNewest(tx, id, line)))
  const logCount = known.logCount + (isNew ? 1 : 0)
  await tx.deploy.updateMany({ where: { id }, data: { lastEventAt: at, logCount, sha: known.sha ?? sha } })
  if (isNew) await tx.deployLogLine.create({ data: { deployId: id, seq: logCount, line, at }, select: { seq: true } })
}

async function isAmongNewest(tx: DatabaseHandle, deployId: string, line: string): Promise<boolean> {
  const newest = await tx.deployLogLine.findMany({
    where: { deployId },
    orderBy: { seq: 'desc' },
    take: REPEATED_WITHIN,
    select: { line: true },
  })
  return newest.some((known) => known.line === line)
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
  tx: DatabaseHandle,
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
  const { lateRun, runRecord, ...columns } = facts
  await tx.deploy.updateMany({
    where: { id },
    data: {
      ...columns,
      ...(runRecord === undefined ? {} : { runRecord: { ...runRecord } }),
      ...(lateRun === undefined ? {} : { lateRunId: lateRun.runId, lateRunAttempt: lateRun.attempt }),
    },
  })
}

/** Since when GitHub has not answered about the deploy: the first failed look is kept. Null: it has answered. */
export async function recordGitHubSilence(db: DatabaseHandle, id: string, since: Date | null): Promise<void> {
  await db.deploy.updateMany({
    where: { id, ...(since === null ? {} : { githubSilentSince: null }) },
    data: { githubSilentSince: since },
  })
}

/** Somebody gave the deploy up, or freed its surface. */
export async function recordRelease(
  tx: DatabaseHandle,
  id: string,
  release: { readonly at: Date; readonly by: string; readonly reason: string },
): Promise<void> {
  const { at: releasedAt, by: releasedBy, reason: releaseReason } = release
  await tx.deploy.updateMany({ where: { id }, data: { holdsSurface: false, releasedAt, releasedBy, releaseReason } })
}

/** Back-fills the run of a deploy; false when one is already on record, which is never changed. */
export async function fillRun(tx: DatabaseHandle, id: string, runId: bigint): Promise<boolean> {
  const { count } = await tx.deploy.updateMany({ where: { id, githubRunId: null }, data: { githubRunId: runId } })
  return count > 0
}

/** True for one of those who ask at the same time, unless somebody has looked since `sinceBefore`. */
export async function claimRunLookup(db: DatabaseHandle, id: string, now: Date, sinceBefore: Date): Promise<boolean> {
  const { count } = await db.deploy.updateMany({
    where: { id, githubRunId: null, OR: [{ lastLookedAt: null }, { lastLookedAt: { lt: sinceBefore } }] },
    data: { lastLookedAt: now },
  })
  return count === 1
}
