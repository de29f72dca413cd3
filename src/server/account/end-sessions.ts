import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { revokeSessions } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'

/** Ends one of one's own sessions, this one too, or with null every one but this. Gives how many ended. */
export async function endOwnSessions(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  actor: Actor,
  id: string | null,
): Promise<{ readonly ended: number }> {
  const which = id === null ? { except: actor.sessionId ?? '' } : { only: id }
  const ended = await revokeSessions(db, { userId: actor.userId, actor: actor.name, at: now(), ...which })
  if (id !== null && ended === 0) throw new AppError('session_unknown', 'That session has ended already.')
  return { ended }
}
