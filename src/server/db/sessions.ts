import 'server-only'
import { appendAuditEvent } from '~/server/db/audit'
import type { Database, DatabaseHandle } from '~/server/db/client'
import { forgetAttempts } from '~/server/db/sign-in-attempts'

/** Ends a session that was left alone for too long. Ended by two requests at once, it is recorded once. */
export async function endSession(
  db: Database,
  { id, email, at }: { readonly id: string; readonly email: string; readonly at: Date },
): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.session.deleteMany({ where: { id } })
    if (count === 0) return
    const payload = { reason: 'idle' } as const
    await appendAuditEvent(tx, { actor: email, at }, { action: 'console.session.closed', status: null, payload })
  })
}

/** The person did something. Never moves back, whichever replica is first. */
export async function noteActivity(db: DatabaseHandle, id: string, at: Date): Promise<void> {
  await db.session.updateMany({ where: { id, activeAt: { lt: at } }, data: { activeAt: at } })
}

/** The person proved again who they are. `digest`: of the address whose password it was; its wrong tries are forgotten. */
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
    if (digest !== null) await forgetAttempts(tx, digest, at)
    await tx.session.updateMany({ where: { id: sessionId }, data: { provedAt: at } })
    await appendAuditEvent(tx, { actor, at }, { action: 'console.session.proved', status: null, payload: { method } })
  })
}

/** Throws what is wrong with the database, if anything is. */
export async function pingDatabase(db: DatabaseHandle): Promise<void> {
  await db.$queryRaw`SELECT 1`
}

/** Whoever is signed in as this person, the latest first. */
export function listSessions(db: DatabaseHandle, userId: string, now: Date) {
  return db.session.findMany({
    where: { userId, expiresAt: { gt: now } },
    select: { id: true, userAgent: true, ipAddress: true, activeAt: true, createdAt: true },
    orderBy: { activeAt: 'desc' },
    take: 100,
  })
}

/** Ends one session of a person, or all but one; each leaves its row in the trail. Gives how many there were. */
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

/** Every session of one person. Gives how many there were. */
export async function endSessionsOf(tx: DatabaseHandle, userId: string): Promise<number> {
  const { count } = await tx.session.deleteMany({ where: { userId } })
  return count
}
