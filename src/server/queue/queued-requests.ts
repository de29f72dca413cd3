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

/**
 * `owner`: the e-mail address of the API token's owner; null when a person asked. `isSourceUnknown`: what its source runs is not known, so that
 * a promotion cannot start.
 */
export type QueuedRow = StoredQueued & { readonly owner: string | null; readonly isSourceUnknown: boolean }

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
  return completeOne(tx, row)
}

/** Throws `queued_unknown` when there is none. */
export async function requireQueued(db: DatabaseHandle, id: string): Promise<QueuedRow> {
  const row = await db.queuedRequest.findUnique({ where: { id }, select: queuedSelect })
  if (row !== null) return completeOne(db, row)
  throw new AppError('queued_unknown', `There is no queued request ${id}. Nothing was changed. Check the id.`)
}

export async function findQueuedByKey(
  db: DatabaseHandle,
  key: { readonly requestedBy: string; readonly idempotencyKey: string },
): Promise<QueuedRow | null> {
  const row = await db.queuedRequest.findUnique({ where: { requestedBy_idempotencyKey: key }, select: queuedSelect })
  return row === null ? null : completeOne(db, row)
}

/** What waits, in the order of the requests. Without `surfaceIds`: at every surface. `userId`: of this person and their tokens. */
export async function listWaiting(
  db: DatabaseHandle,
  at: Date,
  surfaceIds?: readonly string[],
  userId?: string,
): Promise<QueuedRow[]> {
  const rows = await db.queuedRequest.findMany({
    where: {
      state: 'waiting' satisfies QueuedState,
      expiresAt: { gt: at },
      ...(surfaceIds === undefined ? {} : { surfaceId: { in: [...surfaceIds] } }),
      ...(userId === undefined ? {} : { requestedByUserId: userId }),
    },
    orderBy: { id: 'asc' },
    select: queuedSelect,
  })
  return complete(db, rows)
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
  return complete(db, rows)
}

/** How many ended requests a person is told of at most. */
const TOLD_AT_MOST = 20

/** A person's requests that ended since then without a deploy and are not dismissed, newest first. Expired ones count although not recorded. */
export async function listEndedOf(
  db: DatabaseHandle,
  of: {
    readonly userId: string
    readonly surfaceId?: string
    readonly since: Date
    readonly at: Date
    /** Leaves out what this actor withdrew. */
    readonly notWithdrawnBy: string
  },
): Promise<QueuedRow[]> {
  const own = { requestedByUserId: of.userId, ...(of.surfaceId === undefined ? {} : { surfaceId: of.surfaceId }) }
  const told = ['refused', 'withdrawn', 'replaced', 'expired'] satisfies QueuedState[]
  const [ended, overdue] = await Promise.all([
    db.queuedRequest.findMany({
      where: {
        ...own,
        state: { in: told },
        endedAt: { gt: of.since },
        dismissedAt: null,
        NOT: { state: 'withdrawn' satisfies QueuedState, endedBy: of.notWithdrawnBy },
      },
      orderBy: { endedAt: 'desc' },
      take: TOLD_AT_MOST,
      select: queuedSelect,
    }),
    db.queuedRequest.findMany({
      where: { ...own, state: 'waiting' satisfies QueuedState, expiresAt: { gt: of.since, lte: of.at } },
      orderBy: { expiresAt: 'desc' },
      take: TOLD_AT_MOST,
      select: queuedSelect,
    }),
  ])
  return complete(db, [...overdue, ...ended].slice(0, TOLD_AT_MOST))
}

/** Stops telling of a request that has ended. It cannot change otherwise. */
export async function dismissQueued(tx: DatabaseHandle, id: string, at: Date): Promise<void> {
  const told = { state: { notIn: ['waiting', 'deployed'] satisfies QueuedState[] }, dismissedAt: null }
  await tx.queuedRequest.updateMany({ where: { id, ...told }, data: { dismissedAt: at } })
}

/** The older request that this one replaced. */
export async function findReplaced(db: DatabaseHandle, id: string): Promise<string | null> {
  const older = await db.queuedRequest.findFirst({ where: { replacedById: id }, select: { id: true } })
  return older?.id ?? null
}

async function complete(db: DatabaseHandle, rows: readonly StoredQueued[]): Promise<QueuedRow[]> {
  const isByToken = ({ requestedVia }: StoredQueued) => requestedVia === 'token'
  const isPromotion = ({ kind }: StoredQueued) => kind === 'promotion'
  const ids = [...new Set(rows.filter(isByToken).map(({ requestedByUserId }) => requestedByUserId))]
  const sourceIds = [...new Set(rows.filter(isPromotion).flatMap(({ sourceId }) => sourceId ?? []))]
  const [owners, sources] = await Promise.all([
    ids.length === 0 ? [] : db.user.findMany({ where: { id: { in: ids } }, select: { id: true, email: true } }),
    sourceIds.length === 0
      ? []
      : db.surface.findMany({
          // An archived source refuses the promotion at its turn.
          where: { id: { in: sourceIds }, archivedAt: null, runningSha: null },
          select: { id: true },
        }),
  ])
  const emails = new Map(owners.map(({ id, email }) => [id, email]))
  const unknown = new Set(sources.map(({ id }) => id))
  return rows.map((row) => ({
    ...row,
    owner: isByToken(row) ? (emails.get(row.requestedByUserId) ?? null) : null,
    isSourceUnknown: isPromotion(row) && row.sourceId !== null && unknown.has(row.sourceId),
  }))
}

async function completeOne(db: DatabaseHandle, row: StoredQueued): Promise<QueuedRow> {
  const [completed] = await complete(db, [row])
  return completed ?? { ...row, owner: null, isSourceUnknown: false }
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
  healthDetail: true,
  healthCheckedAt: true,
  lastDeployId: true,
  lastDeploy: { select: aheadSelect },
} satisfies Prisma.SurfaceSelect

type AheadRow = Prisma.DeployGetPayload<{ select: typeof aheadSelect }>

/** A surface as far as its queue depends on it. */
export interface SurfaceBehind extends SurfaceHealth {
  readonly lastDeploy: AheadRow | null
}

/** Whether the queue of this surface goes on now. `hasAlarm`: of its newest deploy (`isAlarmed`). */
export const queueStateOf = (surface: SurfaceBehind, hasAlarm: boolean, now: Date) =>
  judgeQueue(surface.lastDeploy === null ? null : aheadOf(surface.lastDeploy, hasAlarm), surface, now)

export async function readHasAlarm(db: DatabaseHandle, { lastDeploy }: SurfaceBehind): Promise<boolean> {
  if (lastDeploy === null) return false
  return isAlarmed((await readAlarms(db, [lastDeploy.id])).get(lastDeploy.id))
}

type Alarms = Awaited<ReturnType<typeof readAlarms>>

/** Whether one of the alarms of a deploy is newer than a decision to continue. */
export const isAlarmed = (alarms: ReturnType<Alarms['get']> = []): boolean =>
  describeAlarms(alarms.filter(({ sinceContinued }) => sinceContinued)).length > 0

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
