import 'server-only'
import { APIError } from 'better-auth/api'
import { readMember } from '~/server/db/members'
import type { Deps } from '~/server/deps'

/** No session for whoever is no member, or no longer one, however they proved who they are. */
export function refuseStrangers(deps: Pick<Deps, 'db'>) {
  return async (session: { readonly userId: string }): Promise<void> => {
    const member = await readMember(deps.db, session.userId)
    if (member !== null && member.suspendedAt === null) return
    throw new APIError('FORBIDDEN', {
      code: 'NOT_A_MEMBER',
      message: 'This account has no access to the console. You were not signed in; ask an admin for an invitation.',
    })
  }
}
