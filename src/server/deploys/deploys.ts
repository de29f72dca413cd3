import 'server-only'
import type { RunFacts } from '~/domain/deploy/evidence'
import { type Shipped, UNFINISHED_STATUSES } from '~/domain/deploy/status'
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
        // What the index console_deploys_followed holds: without it, each pass reads every deploy there ever was.
        { OR: [{ finishedAt: null }, { holdsSurface: true }] },
        { OR: [{ lastLookedAt: null }, { lastLookedAt: { lt: since.notLookedSince } }] },
      ],
    },
    orderBy: [{ lastLookedAt: { sort: 'asc', nulls: 'first' } }, { lastEventAt: 'asc' }],
    take: limit,
    select: { id: true },
  })
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
