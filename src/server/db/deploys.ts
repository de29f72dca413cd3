import 'server-only'
import { z } from 'zod'
import type { AuditEvent } from '~/domain/audit-event'
import { type DeployStatus, type FailureStage, isTerminal, sourcesOf, TERMINAL_STATUSES } from '~/domain/deploy-status'
import { appendAuditEvent } from '~/server/db/audit'
import type { DatabaseHandle } from '~/server/db/client'
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
  finishedAt: true,
  overrideReason: true,
  overriddenFreezeIds: true,
  surface: { select: { id: true, name: true, environment: true, url: true, timeoutMinutes: true } },
} satisfies Prisma.DeploySelect

export type DeployRow = Prisma.DeployGetPayload<{ select: typeof deploySelect }>

export function findDeploy(db: DatabaseHandle, id: string): Promise<DeployRow | null> {
  return db.deploy.findUnique({ where: { id }, select: deploySelect })
}

export function findDeployByKey(
  db: DatabaseHandle,
  key: { readonly requestedBy: string; readonly idempotencyKey: string },
): Promise<DeployRow | null> {
  return db.deploy.findUnique({ where: { requestedBy_idempotencyKey: key }, select: deploySelect })
}

export interface NewDeploy {
  readonly id: string
  readonly surfaceId: string
  readonly environment: string
  readonly repository: string
  readonly workflow: string
  readonly ref: string
  readonly workflowRef: string
  readonly sha: string | null
  readonly reason: string | null
  readonly requestedBy: string
  readonly idempotencyKey: string
  readonly requestDigest: string
  readonly phaseCallbacks: boolean
  /** Only for a deploy that ships in spite of a freeze: why, and of which ones. */
  readonly overrideReason?: string
  readonly overriddenFreezeIds?: string[]
}

/**
 * Commits nothing itself: inserts the intent as `requested`, makes it the surface's newest deploy, and audits it.
 * Throws Prisma's P2002 when the surface already has an active deploy, or the idempotency key is taken.
 */
export async function insertDeploy(tx: DatabaseHandle, deploy: NewDeploy, at: Date): Promise<void> {
  await tx.deploy.create({
    data: { ...deploy, status: 'requested' satisfies DeployStatus, requestedAt: at, lastEventAt: at },
    select: { id: true },
  })
  await tx.surface.update({ where: { id: deploy.surfaceId }, data: { lastDeployId: deploy.id }, select: { id: true } })
  await appendAuditEvent(
    tx,
    { actor: deploy.requestedBy, at, deployId: deploy.id, surfaceId: deploy.surfaceId },
    {
      action: 'console.deploy.requested',
      status: 'requested',
      payload: { ref: deploy.ref, sha: deploy.sha, environment: deploy.environment, reason: deploy.reason },
    },
  )
}

const lockedRow = z.object({
  surfaceId: z.string(),
  status: z.string(),
  sha: z.string().nullable(),
  logCount: z.int(),
  githubRunId: z.bigint().nullable(),
})
export type LockedDeploy = z.output<typeof lockedRow>

/**
 * Takes the row's lock until the transaction ends, so that events of one deploy are decided one after the other and
 * log lines are numbered in the order they are committed. Null when there is no such deploy.
 */
export async function lockDeploy(tx: DatabaseHandle, id: string): Promise<LockedDeploy | null> {
  const rows = await tx.$queryRaw`
    SELECT "surface_id" AS "surfaceId", "status", "sha", "log_count" AS "logCount", "github_run_id" AS "githubRunId"
    FROM "console_deploys" WHERE "id" = ${id}::uuid FOR UPDATE`
  return z.array(lockedRow).parse(rows)[0] ?? null
}

export interface Advance {
  readonly deployId: string
  readonly surfaceId: string
  readonly to: DeployStatus
  readonly actor: string
  readonly at: Date
  readonly event: Extract<AuditEvent, { status: DeployStatus }>
  readonly failureStage?: FailureStage | null
  readonly failureDetail?: string
}

/**
 * The one way a status is written: compare-and-set against the transition table, and the audit row, in the caller's
 * transaction. False when the deploy no longer stands where `to` can be reached from; then nothing was written.
 */
export async function advanceDeploy(tx: DatabaseHandle, advance: Advance): Promise<boolean> {
  const { deployId, surfaceId, to, actor, at } = advance
  const { count } = await tx.deploy.updateMany({
    where: { id: deployId, status: { in: [...sourcesOf(to)] } },
    data: {
      status: to,
      lastEventAt: at,
      ...(isTerminal(to) ? { finishedAt: at } : {}),
      ...(advance.failureStage == null ? {} : { failureStage: advance.failureStage }),
      ...(advance.failureDetail === undefined ? {} : { failureDetail: advance.failureDetail }),
    },
  })
  if (count === 0) return false
  await appendAuditEvent(tx, { actor, at, deployId, surfaceId }, advance.event)
  return true
}

/** Unfinished deploys nobody has heard of since `silentSince`, the longest silent first. */
export function listSilentDeploys(db: DatabaseHandle, silentSince: Date, limit: number) {
  return db.deploy.findMany({
    where: { status: { notIn: [...TERMINAL_STATUSES] }, lastEventAt: { lt: silentSince } },
    orderBy: { lastEventAt: 'asc' },
    take: limit,
    select: { id: true },
  })
}

/** Which of these runs belong to deploys of the console. */
export async function runsOfDeploys(db: DatabaseHandle, runIds: readonly bigint[]): Promise<Set<bigint>> {
  const rows = await db.deploy.findMany({
    where: { githubRunId: { in: [...runIds] } },
    select: { githubRunId: true },
  })
  return new Set(rows.flatMap(({ githubRunId }) => githubRunId ?? []))
}

/** Facts that may be filled in beside the status, under the row's lock. */
export async function updateDeployFacts(
  tx: DatabaseHandle,
  id: string,
  facts: {
    readonly logCount?: number
    readonly lastEventAt?: Date
    readonly sha?: string
    readonly githubRunAttempt?: number
  },
): Promise<void> {
  await tx.deploy.update({ where: { id }, data: facts, select: { id: true } })
}

/** Back-fills the run of a deploy; false when one is already on record, which is never changed. */
export async function fillRun(tx: DatabaseHandle, id: string, runId: bigint): Promise<boolean> {
  const { count } = await tx.deploy.updateMany({
    where: { id, githubRunId: null },
    data: { githubRunId: runId },
  })
  return count > 0
}
