import 'server-only'
import { ACTIVITY_STEP_MS } from '~/domain/account'
import type { Actor } from '~/domain/actor'
import type { Role } from '~/domain/permissions'
import { sessionToken } from '~/server/auth/sessions/session-cookie'
import { idleLimitMs } from '~/server/auth/sessions/session-limits'
import { endSession, findSession, listSessionsById, noteActivity } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'
import type { MemberRow } from '~/server/members/members'

/** What a person does keeps their session: a page they open, a change. What an open window reads by itself does not. */
export type AskedBy = 'person' | 'window'

/** Of a call to the API; a page is opened by a person. */
export const askedBy = (request: Request): AskedBy =>
  request.method === 'GET' || request.method === 'HEAD' ? 'window' : 'person'

/** Somebody who signed in, and where they did. */
export interface SignedIn {
  readonly actor: Actor
  readonly member: MemberRow
  readonly sessionId: string
  /** When they last proved who they are. */
  readonly provedAt: Date
}

/**
 * The session as the database has it; null when it is over, and then it is ended there too. better-auth makes sessions,
 * signs their cookies and ends them.
 */
export async function readSession(deps: Deps, headers: Headers, by: AskedBy): Promise<SignedIn | null> {
  const token = sessionToken(deps.config, headers)
  const session = token === null ? null : await findSession(deps.db, token)
  if (session === null) return null
  const { sessionId, provedAt, member } = session
  const now = deps.now()
  const reason = whyOver(session, member, now)
  if (reason !== null) {
    await endSession(deps.db, { id: sessionId, email: member.email, reason, at: now })
    return null
  }
  if (member.suspendedAt !== null) return null
  if (by === 'person' && now.getTime() - session.activeAt.getTime() >= ACTIVITY_STEP_MS) {
    await noteActivity(deps.db, sessionId, now)
  }
  const { userId, email, role, environments } = member
  const limits = { permissions: null, surfaces: null, via: 'session', provedAt, sessionId } as const
  const actor: Actor = { name: email, userId, role, environments, ...limits }
  return { actor, member, sessionId, provedAt }
}

/** The role of each of these sessions that is not over and whose person may come in. Reading this is nothing the person does. */
export async function stillSignedIn(
  deps: Pick<Deps, 'db'>,
  sessionIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, Role>> {
  const found = await listSessionsById(deps.db, sessionIds)
  return new Map(
    found.flatMap(({ sessionId, member, ...session }) =>
      whyOver(session, member, now) === null && member.suspendedAt === null ? [[sessionId, member.role]] : [],
    ),
  )
}

function whyOver(
  session: { readonly expiresAt: Date; readonly activeAt: Date },
  { role }: MemberRow,
  now: Date,
): 'expired' | 'idle' | null {
  if (session.expiresAt <= now) return 'expired'
  return now.getTime() - session.activeAt.getTime() > idleLimitMs(role) ? 'idle' : null
}
