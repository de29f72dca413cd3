import 'server-only'
import { z } from 'zod'
import type { ApprovalState, DeployKind } from '~/domain/approval'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { ROLES } from '~/domain/permissions'
import type { DatabaseHandle } from '~/server/db/client'
import type { Prisma } from '~/server/db/generated/client.ts'

const approvalSelect = {
  id: true,
  surfaceId: true,
  surface: { select: { id: true, name: true, environment: true } },
  environment: true,
  repository: true,
  workflow: true,
  workflowRef: true,
  kind: true,
  sourceId: true,
  ref: true,
  sha: true,
  reason: true,
  overrideReason: true,
  overrideFreezeIds: true,
  requestedBy: true,
  requestedByUserId: true,
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

export type ApprovalRow = Prisma.ApprovalGetPayload<{ select: typeof approvalSelect }>

export interface NewApproval {
  readonly id: string
  readonly surfaceId: string
  readonly environment: string
  readonly repository: string
  readonly workflow: string
  readonly workflowRef: string
  readonly kind: DeployKind
  readonly sourceId: string | null
  readonly ref: string
  readonly sha: string
  readonly reason: string | null
  readonly overrideReason: string | null
  readonly overrideFreezeIds: string[]
  readonly requestedBy: string
  readonly requestedByUserId: string
  readonly requestedAt: Date
  readonly expiresAt: Date
  readonly idempotencyKey: string
  readonly requestDigest: string
}

/** Throws Prisma's P2002 when the idempotency key is taken. */
export function insertApproval(tx: DatabaseHandle, approval: NewApproval): Promise<ApprovalRow> {
  return tx.approval.create({
    data: { ...approval, state: 'waiting' satisfies ApprovalState },
    select: approvalSelect,
  })
}

export function findApproval(db: DatabaseHandle, id: string): Promise<ApprovalRow | null> {
  return db.approval.findUnique({ where: { id }, select: approvalSelect })
}

export function findApprovalByKey(
  db: DatabaseHandle,
  key: { readonly requestedBy: string; readonly idempotencyKey: string },
): Promise<ApprovalRow | null> {
  return db.approval.findUnique({ where: { requestedBy_idempotencyKey: key }, select: approvalSelect })
}

/** What waits now, whatever expires first at the top: a handful of rows, however many approvals there ever were. */
export function listWaitingApprovals(db: DatabaseHandle, now: Date): Promise<ApprovalRow[]> {
  return db.approval.findMany({
    where: { state: 'waiting' satisfies ApprovalState, expiresAt: { gt: now } },
    orderBy: [{ expiresAt: 'asc' }, { id: 'asc' }],
    take: 200,
    select: approvalSelect,
  })
}

/** Decided ones, the newest request first; the page after `before` (an id). */
export function listDecidedApprovals(
  db: DatabaseHandle,
  page: { readonly before: string | null; readonly limit: number },
): Promise<ApprovalRow[]> {
  return db.approval.findMany({
    where: {
      state: { not: 'waiting' satisfies ApprovalState },
      ...(page.before === null ? {} : { id: { lt: page.before } }),
    },
    orderBy: { id: 'desc' },
    take: page.limit,
    select: approvalSelect,
  })
}

/** Requests nobody answered in time and nobody has closed yet. */
export function listOverdueApprovals(db: DatabaseHandle, now: Date): Promise<ApprovalRow[]> {
  return db.approval.findMany({
    where: { state: 'waiting' satisfies ApprovalState, expiresAt: { lte: now } },
    orderBy: { expiresAt: 'asc' },
    take: 100,
    select: approvalSelect,
  })
}

export interface Decision {
  readonly state: Exclude<ApprovalState, 'waiting'>
  readonly by: string
  readonly byUserId: string | null
  readonly at: Date
  readonly reason: string | null
}

/**
 * The one way an approval is decided: compare-and-set, in the caller's transaction. False when it is decided already, or,
 * for any decision but that one, when it has expired; then nothing was written. Of several at once one writes, for the
 * others wait for its row's lock and then see what it wrote.
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

const member = z.object({
  role: z.enum(ROLES),
  environments: z.array(z.string()),
  allEnvironments: z.boolean(),
  suspendedAt: z.date().nullable(),
  sandboxOnly: z.boolean(),
  user: z.object({ email: z.string() }),
})

/** What a person may do at this moment; null for one who is no member, was suspended, or has a role nobody knows here. */
export async function findRequester(tx: DatabaseHandle, userId: string) {
  const row = await tx.member.findUnique({
    where: { userId },
    select: {
      role: true,
      environments: true,
      allEnvironments: true,
      suspendedAt: true,
      sandboxOnly: true,
      user: { select: { email: true } },
    },
  })
  const found = member.safeParse(row).data
  if (found === undefined || found.suspendedAt !== null) return null
  return {
    role: found.role,
    environments: found.allEnvironments ? null : found.environments,
    /** Holds while GitHub is the sandbox. */
    sandboxOnly: found.sandboxOnly || found.user.email === SANDBOX_OPERATOR.email,
  }
}
