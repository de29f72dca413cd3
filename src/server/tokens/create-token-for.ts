import 'server-only'
import type { CreateTokenInput } from '~/domain/api-token'
import { AppError } from '~/domain/errors'
import type { Deps } from '~/server/deps'
import { readMember, readUserIdOf } from '~/server/members/members'
import { type CreatedToken, createToken } from '~/server/tokens/create-token'

/**
 * Makes a token for the member of this address, for the command line: within what that member may do, and recorded as made
 * by `console`. Throws `member_unknown`, and what `createToken` throws.
 */
export async function createTokenFor(
  deps: Pick<Deps, 'db' | 'now' | 'newId'>,
  address: string,
  input: CreateTokenInput,
): Promise<CreatedToken> {
  const userId = await readUserIdOf(deps.db, address)
  const member = userId === null ? null : await readMember(deps.db, userId)
  if (member === null || member.suspendedAt !== null) {
    throw new AppError('member_unknown', `"${address}" has no access to this console. No token was made.`)
  }
  const { email: name, role, environments } = member
  const owner = {
    name,
    userId: member.userId,
    role,
    environments,
    permissions: null,
    surfaces: null,
    via: 'session',
    // Whoever runs commands on the console's machine could do anything else there.
    provedAt: deps.now(),
  } as const
  return createToken(deps, owner, input, 'console')
}
