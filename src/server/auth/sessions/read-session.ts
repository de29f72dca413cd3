import 'server-only'
import { ACTIVITY_STEP_MS } from '~/domain/account'
import type { Actor } from '~/domain/actor'
import type { Role } from '~/domain/permissions'
import { sessionToken } from '~/server/auth/sessions/session-cookie'
import { endSession, findSession, listSessionsById, noteActivity } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'
import type { MemberRow } from '~/server/members/members'
import { isWriteRefused } from '~/server/platform/database'

/** The longest life of a session, however much it is used. An older secret in AUTH_SECRET is needed this long. */
export const SESSION_DAYS = 7

const MINUTE_MS = 60_000

/** The longest time without activity. Shorter for admins, who may do everything. */
const idleLimitMs = (role: Role): number => (role === 'admin' ? 30 : 12 * 60) * MINUTE_MS

/** `person`: opening a page or a change, which keeps the session from going idle. `window`: reads of an open window. */
export type AskedBy = 'person' | 'window'

/** For calls of the API. Pages are always opened by a person. */
export const askedBy = (request: Request): AskedBy =>
  request.method === 'GET' || request.method === 'HEAD' ? 'window' : 'person'

export interface SignedIn {
  readonly actor: Actor
  readonly member: MemberRow
  readonly sessionId: string
  readonly provedAt: Date
}

/**
 * Reads the request's session, and ends it if it has expired or gone idle. Null without a valid session. On a database that
 * accepts no changes, nothing is recorded. better-auth makes sessions and signs their cookies.
 */
export async function readSession(deps: Deps, headers: Headers, by: AskedBy): Promise<SignedIn | null> {
  const token = sessionToken(deps.config, headers)
  const session = token === null ? null : await findSession(deps.db, token)
  if (session === null) return null
  const { sessionId, provedAt, member } = session
  const now = deps.now()
  const reason = endReasonOf(session, member, now)
  if (reason !== null) {
    await unlessRefused(endSession(deps.db, { id: sessionId, email: member.email, reason, at: now }))
    return null
  }
  if (member.suspendedAt !== null) return null
  if (by === 'person' && now.getTime() - session.activeAt.getTime() >= ACTIVITY_STEP_MS) {
    await unlessRefused(noteActivity(deps.db, sessionId, now))
  }
  const { userId, email, role, environments } = member
  const limits = { permissions: null, surfaces: null, via: 'session', provedAt, sessionId } as const
  const actor: Actor = { name: email, userId, role, environments, ...limits }
  return { actor, member, sessionId, provedAt }
}

/** A database that accepts no changes can still be read. The readiness check reports such a database. */
async function unlessRefused(change: Promise<void>): Promise<void> {
  try {
    await change
  } catch (error) {
    if (!isWriteRefused(error)) throw error
  }
}

/** The roles of the sessions that are still valid. Does not count as activity. */
export async function readRolesOfSessions(
  deps: Pick<Deps, 'db'>,
  sessionIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, Role>> {
  const found = await listSessionsById(deps.db, sessionIds)
  return new Map(
    found.flatMap(({ sessionId, member, ...session }) =>
      endReasonOf(session, member, now) === null && member.suspendedAt === null ? [[sessionId, member.role]] : [],
    ),
  )
}

function endReasonOf(
  session: { readonly expiresAt: Date; readonly activeAt: Date },
  { role }: MemberRow,
  now: Date,
): 'expired' | 'idle' | null {
  if (session.expiresAt <= now) return 'expired'
  return now.getTime() - session.activeAt.getTime() > idleLimitMs(role) ? 'idle' : null
}

/** The actor of the request's session. Null if nobody is signed in. */
export async function authenticate(deps: Deps, headers: Headers, by: AskedBy): Promise<Actor | null> {
  return (await readSession(deps, headers, by))?.actor ?? null
}
