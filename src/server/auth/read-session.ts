import 'server-only'
import type { Actor } from '~/domain/actor'
import { authOf } from '~/server/auth/auth'
import type { Freshness } from '~/server/auth/freshness'
import { sessionCookie, withCurrentSignature } from '~/server/auth/session-cookie'
import { ACTIVITY_STEP_MS, idleLimitMs } from '~/server/auth/session-limits'
import { type MemberRow, readMember } from '~/server/db/members'
import { endSession, noteActivity, pingDatabase } from '~/server/db/sessions'
import type { Deps } from '~/server/deps'
import { hasAccess } from '~/server/members/has-access'

/** Somebody who signed in, and where they did. */
export interface SignedIn {
  readonly actor: Actor
  readonly member: MemberRow
  readonly sessionId: string
  /** When they last proved who they are. */
  readonly provedAt: Date
}

/** The session as the database has it; null when it is over, and then it is ended there too. */
export async function readSession(deps: Deps, headers: Headers, freshness: Freshness): Promise<SignedIn | null> {
  if (sessionCookie(deps.config, headers) === null) return null
  const found = await readLibrarySession(deps, withCurrentSignature(deps.config, headers))
  if (found === null) return null
  const { session } = found
  const member = await readMember(deps.sql, session.userId)
  if (member === null || !hasAccess(deps, member)) return null
  const now = deps.now()
  const activeAt = session.activeAt ?? session.createdAt
  if (now.getTime() - activeAt.getTime() > idleLimitMs(member.role)) {
    await endSession(deps.db, { id: session.id, email: member.email, at: now })
    return null
  }
  if (freshness === 'now' && now.getTime() - activeAt.getTime() >= ACTIVITY_STEP_MS) {
    await noteActivity(deps.db, session.id, now)
  }
  const { userId, email, role, environments } = member
  const provedAt = session.provedAt ?? session.createdAt
  const limits = { permissions: null, surfaces: null, via: 'session', provedAt, sessionId: session.id } as const
  const actor: Actor = { name: email, userId, role, environments, ...limits }
  return { actor, member, sessionId: session.id, provedAt }
}

/** better-auth says of every failure "failed to get session"; whether the database is away is found out by asking it. */
async function readLibrarySession(deps: Deps, headers: Headers) {
  try {
    return await authOf(deps).api.getSession({ headers })
  } catch (error) {
    await pingDatabase(deps.db)
    throw error
  }
}
