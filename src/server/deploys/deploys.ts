import 'server-only'
import type { RunFacts } from '~/domain/deploy/run-record'
import { type DeployStatus, HEALTH_CHECK_STATUS, type Shipped, UNFINISHED_STATUSES } from '~/domain/deploy/status'
import type { OwnRun } from '~/domain/github/outside-run'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

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
  inputs: true,
  checklist: true,
  phaseJobs: true,
  probeSeconds: true,
  onMoved: true,
  requestedByUserId: true,
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

export const deployStateSelect = { id: true, status: true, githubRunId: true } satisfies Prisma.DeploySelect

/** The part of a deploy that the answer to a request states. */
export type DeployState = Prisma.DeployGetPayload<{ select: typeof deployStateSelect }>

/** For a deploy that is known to be committed: a missing row is a defect, so this throws. */
export function readDeploy(db: DatabaseHandle, id: string): Promise<DeployRow> {
  return db.deploy.findUniqueOrThrow({ where: { id }, select: deploySelect })
}

/** Throws like `readDeploy`. */
export function readDeployState(db: DatabaseHandle, id: string): Promise<DeployState> {
  return db.deploy.findUniqueOrThrow({ where: { id }, select: deployStateSelect })
}

/**
 * Deploys that hold their surface (unfinished, or not proven to be over), without an event since `silentSince` and without a look
 * since `notLookedSince`. The deploy whose last look is oldest comes first.
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
        // The condition of the index console_deploys_followed. Without it, each pass reads the whole table.
        { OR: [{ finishedAt: null }, { holdsSurface: true }] },
        { OR: [{ lastLookedAt: null }, { lastLookedAt: { lt: since.notLookedSince } }] },
      ],
    },
    orderBy: [{ lastLookedAt: { sort: 'asc', nulls: 'first' } }, { lastEventAt: 'asc' }],
    take: limit,
    select: { id: true },
  })
}

/** The deploys with these ids, with the runs on record. */
export function listDeploysById(db: DatabaseHandle, ids: readonly string[]) {
  return db.deploy.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, status: true, githubRunId: true, githubRunAttempt: true, lateRunId: true },
  })
}

/** The deploys requested in a stretch of time, the newest first. Ids begin with their time (RFC 9562, UUIDv7). */
export function listDeploysBetween(
  db: DatabaseHandle,
  { from, to, limit }: { readonly from: Date; readonly to: Date; readonly limit: number },
) {
  return db.deploy.findMany({
    where: { id: { gte: firstIdAt(from), lt: firstIdAt(to) } },
    orderBy: { id: 'desc' },
    take: limit,
    select: {
      id: true,
      surface: { select: { id: true, name: true, environment: true } },
      status: true,
      ref: true,
      sha: true,
      requestedBy: true,
      requestedAt: true,
    },
  })
}

function firstIdAt(at: Date): string {
  const time = at.getTime().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

/** The ended deploy that still holds the surface; null when there is none. */
export function findHoldingDeploy(db: DatabaseHandle, surfaceId: string) {
  return db.deploy.findFirst({
    where: { surfaceId, holdsSurface: true },
    orderBy: { id: 'desc' },
    select: { id: true, status: true, githubRunId: true, lateRunId: true },
  })
}

/** For each run that belongs to a deploy: facts about that deploy. */
export async function mapRunsToDeploys(db: DatabaseHandle, runIds: readonly bigint[]): Promise<Map<bigint, OwnRun>> {
  const rows = await db.deploy.findMany({
    where: { githubRunId: { in: [...runIds] } },
    select: { githubRunId: true, surfaceId: true, finishedAt: true },
  })
  return new Map(rows.flatMap(({ githubRunId, ...own }) => (githubRunId === null ? [] : [[githubRunId, own]])))
}

/** The deploys that this run belongs to, or whose surface the run holds after their end. */
export function listDeploysOfRun(db: DatabaseHandle, runId: bigint) {
  return db.deploy.findMany({
    where: { OR: [{ githubRunId: runId }, { holdsSurface: true, lateRunId: runId }] },
    select: { id: true, lastLookedAt: true },
  })
}

/** Writes facts other than the status. The caller holds the row lock. */
export async function updateDeployFacts(
  tx: DatabaseHandle,
  id: string,
  facts: {
    readonly lastLookedAt?: Date
    /** The commit that the run deploys, if the chosen ref moved. */
    readonly sha?: string
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
      // The time was that of the other commit.
      ...(columns.sha === undefined ? {} : { committedAt: null }),
      ...(runRecord === undefined ? {} : { runRecord: { ...runRecord } }),
      ...(lateRun === undefined ? {} : { lateRunId: lateRun.runId, lateRunAttempt: lateRun.attempt }),
    },
  })
}

/** Records since when GitHub has not answered about the deploy; the time of the first failed look is kept. Null: GitHub answered. */
export async function recordGitHubSilence(db: DatabaseHandle, id: string, since: Date | null): Promise<void> {
  await db.deploy.updateMany({
    where: { id, ...(since === null ? {} : { githubSilentSince: null }) },
    data: { githubSilentSince: since },
  })
}

/** Records who released the surface or gave the deploy up, when and why. */
export async function recordRelease(
  tx: DatabaseHandle,
  id: string,
  release: { readonly at: Date; readonly by: string; readonly reason: string },
): Promise<void> {
  const { at: releasedAt, by: releasedBy, reason: releaseReason } = release
  await tx.deploy.updateMany({ where: { id }, data: { holdsSurface: false, releasedAt, releasedBy, releaseReason } })
}

/** Records the end of a health check that the console makes itself. An end on record stays. */
export async function beginHealthCheck(db: DatabaseHandle, id: string, until: Date): Promise<void> {
  await db.deploy.updateMany({
    where: { id, status: HEALTH_CHECK_STATUS, probeUntil: null },
    data: { probeUntil: until },
  })
}

/** Records the run of a deploy. False when a run is already on record: it is never replaced. */
export async function fillRun(tx: DatabaseHandle, id: string, runId: bigint): Promise<boolean> {
  const { count } = await tx.deploy.updateMany({ where: { id, githubRunId: null }, data: { githubRunId: runId } })
  return count > 0
}

/** Claims the next look-up of the run. True for one of several concurrent callers, and only if the last look is before `sinceBefore`. */
export async function claimRunLookup(db: DatabaseHandle, id: string, now: Date, sinceBefore: Date): Promise<boolean> {
  const { count } = await db.deploy.updateMany({
    where: { id, githubRunId: null, OR: [{ lastLookedAt: null }, { lastLookedAt: { lt: sinceBefore } }] },
    data: { lastLookedAt: now },
  })
  return count === 1
}

/** Whether a deploy to this environment that was requested after `since` succeeded and is proven to have shipped. */
export async function hasShippedSince(db: DatabaseHandle, environment: string, since: Date): Promise<boolean> {
  const found = await db.deploy.findFirst({
    where: {
      environment,
      status: 'succeeded' satisfies DeployStatus,
      shipped: 'yes' satisfies Shipped,
      requestedAt: { gt: since },
      // Ids sort by time, so older rows are not read. One hour of tolerance for clocks that differ.
      id: { gte: earliestIdAt(new Date(Math.max(since.getTime() - 3_600_000, 0))) },
    },
    orderBy: { id: 'asc' },
    select: { id: true },
  })
  return found !== null
}

/** The lowest UUIDv7 of a millisecond (RFC 9562, 5.7). */
function earliestIdAt(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

/** The surfaces of these deploys, each once. */
export async function listSurfaceIds(db: DatabaseHandle, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const where = { id: { in: [...ids] } }
  const rows = await db.deploy.findMany({ where, distinct: 'surfaceId', select: { surfaceId: true } })
  return rows.map(({ surfaceId }) => surfaceId)
}
