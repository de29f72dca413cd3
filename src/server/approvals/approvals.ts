import 'server-only'
import type { ApprovalState, DeployKind } from '~/domain/deploy/approval'
import type { AskedValues } from '~/domain/deploy/asked-inputs'
import type { InputTemplates } from '~/domain/deploy/inputs'
import { AppError } from '~/domain/errors'
import type { DatabaseHandle } from '~/server/platform/database'
import { Prisma } from '~/server/platform/generated/client.ts'

const approvalSelect = {
  id: true,
  surfaceId: true,
  surface: {
    select: {
      id: true,
      name: true,
      environment: true,
      deployFreeze: true,
      deployFreezeReadAt: true,
    },
  },
  environment: true,
  repository: true,
  workflow: true,
  workflowRef: true,
  dispatchInputs: true,
  askedInputs: true,
  checklist: true,
  declaration: true,
  workflowFile: true,
  onMoved: true,
  kind: true,
  sourceId: true,
  ref: true,
  sha: true,
  reviewedRunningSha: true,
  reason: true,
  overrideReason: true,
  overrideFreezeIds: true,
  requestedBy: true,
  requestedByUserId: true,
  requestedByTokenId: true,
  requestedAt: true,
  expiresAt: true,
  idempotencyKey: true,
  requestDigest: true,
  state: true,
  decidedBy: true,
  decidedByUserId: true,
  decidedAt: true,
  decisionReason: true,
  deploy: { select: { id: true } },
} satisfies Prisma.ApprovalSelect

type StoredApproval = Prisma.ApprovalGetPayload<{ select: typeof approvalSelect }>

/** `owner`: the e-mail address of the API token's owner; null when a person made the request. */
export type ApprovalRow = StoredApproval & { readonly owner: string | null }

export interface NewApproval {
  readonly id: string
  readonly surfaceId: string
  readonly environment: string
  readonly repository: string
  readonly workflow: string
  readonly workflowRef: string
  /** The inputs that the surface declares; null: the default ones. */
  readonly dispatchInputs: InputTemplates | null
  /** What the requester filled in. */
  readonly askedInputs: AskedValues
  /** The lines of the checklist that the requester ticked. */
  readonly checklist: string[]
  /** The digest of the declaration, and git's name of the workflow file's text, at the request; null if GitHub did not answer with it. */
  readonly declaration: string
  readonly workflowFile: string | null
  /** As the surface declares it: what happens if the chosen ref moves. */
  readonly onMoved: string | null
  readonly kind: DeployKind
  readonly sourceId: string | null
  readonly ref: string
  readonly sha: string
  readonly reviewedRunningSha: string | null
  readonly reason: string | null
  readonly overrideReason: string | null
  readonly overrideFreezeIds: string[]
  readonly requestedBy: string
  readonly requestedByUserId: string
  /** The API token that made the request; null: a person made it. */
  readonly requestedByTokenId: string | null
  readonly requestedAt: Date
  readonly expiresAt: Date
  readonly idempotencyKey: string
  readonly requestDigest: string
}

/** Throws Prisma's P2002 when the idempotency key is in use. */
export async function insertApproval(tx: DatabaseHandle, approval: NewApproval): Promise<ApprovalRow> {
  const row = await tx.approval.create({
    data: {
      ...approval,
      dispatchInputs: approval.dispatchInputs ?? Prisma.DbNull,
      state: 'waiting' satisfies ApprovalState,
    },
    select: approvalSelect,
  })
  return withOwner(tx, row)
}

export async function findApproval(db: DatabaseHandle, id: string): Promise<ApprovalRow | null> {
  const row = await db.approval.findUnique({ where: { id }, select: approvalSelect })
  return row === null ? null : withOwner(db, row)
}

/** Throws `approval_unknown` when there is none. */
export async function requireApproval(deps: { readonly db: DatabaseHandle }, id: string): Promise<ApprovalRow> {
  const row = await findApproval(deps.db, id)
  if (row !== null) return row
  throw new AppError('approval_unknown', `There is no approval ${id}. Nothing was changed. Check the id.`)
}

export async function findApprovalByKey(
  db: DatabaseHandle,
  key: { readonly requestedBy: string; readonly idempotencyKey: string },
): Promise<ApprovalRow | null> {
  const row = await db.approval.findUnique({ where: { requestedBy_idempotencyKey: key }, select: approvalSelect })
  return row === null ? null : withOwner(db, row)
}

/** Waiting approvals, the first to expire at the top. */
export async function listWaitingApprovals(db: DatabaseHandle, now: Date): Promise<ApprovalRow[]> {
  const rows = await db.approval.findMany({
    where: { state: 'waiting' satisfies ApprovalState, expiresAt: { gt: now } },
    orderBy: [{ expiresAt: 'asc' }, { id: 'asc' }],
    take: 200,
    select: approvalSelect,
  })
  return withOwners(db, rows)
}

/** Decided approvals, the newest request first. `before` is the last id of the previous page. */
export async function listDecidedApprovals(
  db: DatabaseHandle,
  page: { readonly before: string | null; readonly limit: number },
): Promise<ApprovalRow[]> {
  const rows = await db.approval.findMany({
    where: {
      state: { not: 'waiting' satisfies ApprovalState },
      ...(page.before === null ? {} : { id: { lt: page.before } }),
    },
    orderBy: { id: 'desc' },
    take: page.limit,
    select: approvalSelect,
  })
  return withOwners(db, rows)
}

/** Approvals whose time has passed and that are still stored as waiting. */
export async function listOverdueApprovals(db: DatabaseHandle, now: Date): Promise<ApprovalRow[]> {
  const rows = await db.approval.findMany({
    where: { state: 'waiting' satisfies ApprovalState, expiresAt: { lte: now } },
    orderBy: { expiresAt: 'asc' },
    take: 100,
    select: approvalSelect,
  })
  return withOwners(db, rows)
}

/** Two people may give their tokens the same label, so a token's name does not identify its owner. */
async function withOwners(db: DatabaseHandle, rows: readonly StoredApproval[]): Promise<ApprovalRow[]> {
  const byToken = rows.filter(({ requestedBy }) => requestedBy.startsWith('token:'))
  const ids = [...new Set(byToken.map(({ requestedByUserId }) => requestedByUserId))]
  const select = { id: true, email: true }
  const owners = ids.length === 0 ? [] : await db.user.findMany({ where: { id: { in: ids } }, select })
  const emails = new Map(owners.map(({ id, email }) => [id, email]))
  return rows.map((row) => ({
    ...row,
    owner: byToken.includes(row) ? (emails.get(row.requestedByUserId) ?? null) : null,
  }))
}

async function withOwner(db: DatabaseHandle, row: StoredApproval): Promise<ApprovalRow> {
  const [owned] = await withOwners(db, [row])
  return owned ?? { ...row, owner: null }
}

export interface Decision {
  readonly state: Exclude<ApprovalState, 'waiting'>
  readonly by: string
  readonly byUserId: string | null
  readonly at: Date
  readonly reason: string | null
}

/**
 * The only write of a decision: compare-and-set in the caller's transaction. False, with nothing written, when the approval is
 * already decided, or has expired (for any other decision than `expired`). Concurrent decisions wait for the row lock.
 */
export async function decideApproval(tx: DatabaseHandle, id: string, decision: Decision): Promise<boolean> {
  const { state, by, byUserId, at, reason } = decision
  const { count } = await tx.approval.updateMany({
    where: {
      id,
      state: 'waiting' satisfies ApprovalState,
      expiresAt: state === 'expired' ? { lte: at } : { gt: at },
    },
    data: { state, decidedBy: by, decidedByUserId: byUserId, decidedAt: at, decisionReason: reason },
  })
  return count > 0
}
