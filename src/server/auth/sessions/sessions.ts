import 'server-only'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { resetAttempts } from '~/server/auth/sign-in/sign-in-attempts.sql'
import { type MemberRow, memberSelect, toMember } from '~/server/members/members'
import type { Database, DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

export interface SessionRow {
  readonly sessionId: string
  readonly expiresAt: Date
  readonly provedAt: Date
  readonly activeAt: Date
  readonly member: MemberRow
}

const sessionSelect = {
  id: true,
  expiresAt: true,
  provedAt: true,
  activeAt: true,
  user: { select: { member: { select: memberSelect } } },
} satisfies Prisma.SessionSelect

const toSession = ({ id, user, ...times }: Prisma.SessionGetPayload<{ select: typeof sessionSelect }>) =>
  user.member === null ? null : { sessionId: id, ...times, member: toMember(user.member) }

/** The session with this token, ended or not, and its member. Null if the person is not a member. */
export async function findSession(db: DatabaseHandle, token: string): Promise<SessionRow | null> {
  const row = await db.session.findUnique({ where: { token }, select: sessionSelect })
  return row === null ? null : toSession(row)
}

/** These sessions, ended or not, and their members. Leaves out people who are not members. */
export async function listSessionsById(db: DatabaseHandle, ids: readonly string[]): Promise<SessionRow[]> {
  const rows = await db.session.findMany({ where: { id: { in: [...ids] } }, select: sessionSelect })
  return rows.map(toSession).filter((session) => session !== null)
}

/** Ends an expired or idle session. Two simultaneous requests record one end. */
export async function endSession(
  db: Database,
  ended: { readonly id: string; readonly email: string; readonly reason: 'expired' | 'idle'; readonly at: Date },
): Promise<void> {
  const { id, email, reason, at } = ended
  await db.$transaction(async (tx) => {
    const { count } = await tx.session.deleteMany({ where: { id } })
    if (count === 0) return
    await appendAuditEvent(
      tx,
      { actor: email, at },
      { action: 'console.session.closed', status: null, payload: { reason } },
    )
  })
}

/** Records activity. An older time of another replica never replaces a newer one. */
export async function noteActivity(db: DatabaseHandle, id: string, at: Date): Promise<void> {
  await db.session.updateMany({ where: { id, activeAt: { lt: at } }, data: { activeAt: at } })
}

/** The provider that was asked for a fresh proof when the session began. Null if none was. */
export async function readProofAskedOf(db: DatabaseHandle, id: string | null): Promise<string | null> {
  const session = id === null ? null : await db.session.findUnique({ where: { id }, select: { proofAskedOf: true } })
  return session?.proofAskedOf ?? null
}

/** Records a fresh proof. With a `digest`, the correct password was given, so its count is reset. */
export async function recordProof(
  db: Database,
  proof: {
    readonly sessionId: string
    readonly actor: string
    readonly method: 'password' | 'passkey' | 'sandbox'
    readonly digest: string | null
    readonly at: Date
  },
): Promise<void> {
  const { sessionId, actor, method, digest, at } = proof
  await db.$transaction(async (tx) => {
    if (digest !== null) await resetAttempts(tx, digest, at)
    await tx.session.updateMany({ where: { id: sessionId }, data: { provedAt: at } })
    await appendAuditEvent(tx, { actor, at }, { action: 'console.session.proved', status: null, payload: { method } })
  })
}

/** A person's sessions, the most recently active first. */
export function listSessions(db: DatabaseHandle, userId: string, now: Date) {
  return db.session.findMany({
    where: { userId, expiresAt: { gt: now } },
    select: { id: true, userAgent: true, ipAddress: true, activeAt: true, createdAt: true },
    orderBy: { activeAt: 'desc' },
    take: 100,
  })
}

/** Ends one session of a person, or all but one, and audits each. Returns their number. */
export function revokeSessions(
  db: Database,
  revoked: { readonly userId: string; readonly actor: string; readonly at: Date } & (
    | { readonly only: string }
    | { readonly except: string }
  ),
): Promise<number> {
  const { userId, actor, at } = revoked
  const where = 'only' in revoked ? { userId, id: revoked.only } : { userId, NOT: { id: revoked.except } }
  return db.$transaction(async (tx) => {
    const { count } = await tx.session.deleteMany({ where })
    const payload = { reason: 'revoked' } as const
    for (let ended = 0; ended < count; ended += 1) {
      await appendAuditEvent(tx, { actor, at }, { action: 'console.session.closed', status: null, payload })
    }
    return count
  })
}

export async function endSessionsOf(tx: DatabaseHandle, userId: string): Promise<number> {
  const { count } = await tx.session.deleteMany({ where: { userId } })
  return count
}
