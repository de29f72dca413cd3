import 'server-only'
import type { DeployKind } from '~/domain/deploy/approval'
import type { AskedValues } from '~/domain/deploy/asked-inputs'
import { type DeployAhead, judgeQueue, type QueuedState, type SurfaceHealth } from '~/domain/deploy/queue'
import { AppError } from '~/domain/errors'
import { readAlarms } from '~/server/audit/audit.sql'
import { endOfWatch } from '~/server/deploys/deploy-watch'
import { describeAlarms } from '~/server/deploys/event-texts'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

const queuedSelect = {
  id: true,
  surfaceId: true,
  surface: { select: { id: true, name: true, environment: true } },
  environment: true,
  kind: true,
  sourceId: true,
  ref: true,
  sha: true,
  askedInputs: true,
  checklist: true,
  reason: true,
  confirmation: true,
  declaration: true,
  workflowRef: true,
  workflowFile: true,
  requestedBy: true,
  requestedByUserId: true,
  requestedByTokenId: true,
  requestedSessionId: true,
  requestedVia: true,
  provedAt: true,
  requestedAt: true,
  expiresAt: true,
  idempotencyKey: true,
  requestDigest: true,
  state: true,
  endedAt: true,
  endedBy: true,
  endReason: true,
  replacedById: true,
  deployId: true,
} satisfies Prisma.QueuedRequestSelect

type StoredQueued = Prisma.QueuedRequestGetPayload<{ select: typeof queuedSelect }>

/** `owner`: the e-mail address of the API token's owner; null when a person asked. */
export type QueuedRow = StoredQueued & { readonly owner: string | null }

export interface NewQueued {
  readonly id: string
  readonly surfaceId: string
  readonly environment: string
  readonly kind: DeployKind
  readonly sourceId: string | null
  readonly ref: string
  readonly sha: string
  readonly askedInputs: AskedValues
  readonly checklist: string[]
  readonly reason: string | null
  readonly confirmation: string
  readonly declaration: string
  readonly workflowRef: string
  readonly workflowFile: string | null
  readonly requestedBy: string
  readonly requestedByUserId: string
  readonly requestedByTokenId: string | null
  readonly requestedSessionId: string | null
  readonly requestedVia: string
  readonly provedAt: Date | null
  readonly requestedAt: Date
  readonly expiresAt: Date
  readonly idempotencyKey: string
  readonly requestDigest: string
}

/** Throws Prisma's P2002 when the idempotency key is in use. */
export async function insertQueued(tx: DatabaseHandle, queued: NewQueued): Promise<QueuedRow> {
  const row = await tx.queuedRequest.create({ data: queued, select: queuedSelect })
  return withOwner(tx, row)
}

/** Throws `queued_unknown` when there is none. */
export async function requireQueued(db: DatabaseHandle, id: string): Promise<QueuedRow> {
  const row = await db.queuedRequest.findUnique({ where: { id }, select: queuedSelect })
  if (row !== null) return withOwner(db, row)
  throw new AppError('queued_unknown', `There is no queued request ${id}. Nothing was changed. Check the id.`)
}

export async function findQueuedByKey(
  db: DatabaseHandle,
  key: { readonly requestedBy: string; readonly idempotencyKey: string },
): Promise<QueuedRow | null> {
  const row = await db.queuedRequest.findUnique({ where: { requestedBy_idempotencyKey: key }, select: queuedSelect })
  return row === null ? null : withOwner(db, row)
}

/** What waits, in the order of the requests. Without `surfaceIds`: at every surface. */
export async function listWaiting(db: DatabaseHandle, at: Date, surfaceIds?: readonly string[]): Promise<QueuedRow[]> {
  const rows = await db.queuedRequest.findMany({
    where: {
      state: 'waiting' satisfies QueuedState,
      expiresAt: { gt: at },
      ...(surfaceIds === undefined ? {} : { surfaceId: { in: [...surfaceIds] } }),
    },
    orderBy: { id: 'asc' },
    select: queuedSelect,
  })
  return withOwners(db, rows)
}

/** Requests whose time has passed and that are still stored as waiting. */
export async function listOverdue(db: DatabaseHandle, at: Date, surfaceId?: string): Promise<QueuedRow[]> {
  const rows = await db.queuedRequest.findMany({
    where: {
      state: 'waiting' satisfies QueuedState,
      expiresAt: { lte: at },
      ...(surfaceId === undefined ? {} : { surfaceId }),
    },
    orderBy: { id: 'asc' },
    take: 100,
    select: queuedSelect,
  })
  return withOwners(db, rows)
}

async function withOwners(db: DatabaseHandle, rows: readonly StoredQueued[]): Promise<QueuedRow[]> {
  const isByToken = ({ requestedVia }: StoredQueued) => requestedVia === 'token'
  const ids = [...new Set(rows.filter(isByToken).map(({ requestedByUserId }) => requestedByUserId))]
  const select = { id: true, email: true }
  const owners = ids.length === 0 ? [] : await db.user.findMany({ where: { id: { in: ids } }, select })
  const emails = new Map(owners.map(({ id, email }) => [id, email]))
  return rows.map((row) => ({ ...row, owner: isByToken(row) ? (emails.get(row.requestedByUserId) ?? null) : null }))
}

async function withOwner(db: DatabaseHandle, row: StoredQueued): Promise<QueuedRow> {
  const [owned] = await withOwners(db, [row])
  return owned ?? { ...row, owner: null }
}

export type QueuedEnd =
  | { readonly state: 'deployed'; readonly deployId: string }
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'replaced'; readonly byId: string }
  | { readonly state: 'withdrawn' | 'expired' }

/**
 * The only write of an end: compare-and-set in the caller's transaction. False, with nothing written, when the request has already ended, or has
 * expired (for any other end than `expired`). Concurrent ends wait for the row lock.
 */
export async function endQueued(
  tx: DatabaseHandle,
  id: string,
  end: QueuedEnd,
  { by, at }: { readonly by: string; readonly at: Date },
): Promise<boolean> {
  const { count } = await tx.queuedRequest.updateMany({
    where: {
      id,
      state: 'waiting' satisfies QueuedState,
      expiresAt: end.state === 'expired' ? { lte: at } : { gt: at },
    },
    data: {
      state: end.state satisfies QueuedState,
      endedAt: at,
      endedBy: by,
      endReason: end.state === 'refused' ? end.reason : null,
      replacedById: end.state === 'replaced' ? end.byId : null,
      deployId: end.state === 'deployed' ? end.deployId : null,
    },
  })
  return count > 0
}

export const aheadSelect = {
  id: true,
  status: true,
  kind: true,
  shipped: true,
  finishedAt: true,
  holdsSurface: true,
  lateRunId: true,
  releasedAt: true,
  cancelRequestedAt: true,
  queueContinuedAt: true,
  watch: { select: { state: true, minutes: true, until: true } },
} satisfies Prisma.DeploySelect

export const behindSelect = {
  health: true,
  healthCheckedAt: true,
  lastDeployId: true,
  lastDeploy: { select: aheadSelect },
} satisfies Prisma.SurfaceSelect

type AheadRow = Prisma.DeployGetPayload<{ select: typeof aheadSelect }>

/** A surface as far as its queue depends on it. */
export interface SurfaceBehind extends SurfaceHealth {
  readonly lastDeploy: AheadRow | null
}

/** Whether the queue of this surface goes on now. `hasAlarm`: of its newest deploy. */
export const queueStateOf = (surface: SurfaceBehind, hasAlarm: boolean, now: Date) =>
  judgeQueue(surface.lastDeploy === null ? null : aheadOf(surface.lastDeploy, hasAlarm), surface, now)

export async function readHasAlarm(db: DatabaseHandle, { lastDeploy }: SurfaceBehind): Promise<boolean> {
  if (lastDeploy === null) return false
  return describeAlarms((await readAlarms(db, [lastDeploy.id])).get(lastDeploy.id) ?? []).length > 0
}

const aheadOf = (row: AheadRow, hasAlarm: boolean): DeployAhead => ({
  id: row.id,
  status: row.status,
  kind: row.kind,
  finishedAt: row.finishedAt,
  holdsSurface: row.holdsSurface,
  hasLateRun: row.lateRunId !== null,
  isReleased: row.releasedAt !== null,
  isContinued: row.queueContinuedAt !== null,
  isCancelRequested: row.cancelRequestedAt !== null,
  hasAlarm,
  watch: watchOf(row),
})

/** A deploy that did not succeed, or shipped nothing, is not watched. */
function watchOf({ status, shipped, finishedAt, watch }: AheadRow): DeployAhead['watch'] {
  if (watch === null || finishedAt === null || status !== 'succeeded' || shipped === 'no') return null
  return { state: watch.state, until: endOfWatch(finishedAt, watch) }
}
