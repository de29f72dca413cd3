import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'
import { findToken, markRevoked } from '~/server/tokens/api-tokens'
import { tokensWithinReach } from '~/server/tokens/list-tokens'
import { tokenEvent } from '~/server/tokens/token-view'

type RevokeDeps = Pick<Deps, 'db' | 'now'>

/**
 * Takes a token away, from the next request on; again, it changes nothing. Somebody else's is as unknown as one that
 * never was, unless the actor manages people. Throws `token_unknown`.
 */
export const revokeToken = (deps: RevokeDeps, actor: Actor, id: string): Promise<void> =>
  revokeTokenOf(deps, { id, userId: tokensWithinReach(actor) }, actor.name)

/** One of `userId`'s, or with null one of anybody's: for the command line, whose user has the whole database. */
export async function revokeTokenOf(
  deps: RevokeDeps,
  token: { readonly id: string; readonly userId: string | null },
  by: string,
): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const found = await findToken(tx, token.id, token.userId)
    if (found === null) throw new AppError('token_unknown', `There is no API token ${token.id}. Nothing was revoked.`)
    if (!(await markRevoked(tx, token.id, { by, at }))) return
    await appendAuditEvent(tx, { actor: by, at }, tokenEvent('console.token.revoked', found))
  })
}
