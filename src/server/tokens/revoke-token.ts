import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'
import { findToken, markRevoked, tokenEvent } from '~/server/tokens/api-tokens'
import { visibleTokenOwner } from '~/server/tokens/list-tokens'

type RevokeDeps = Pick<Deps, 'db' | 'now'>

/** Revokes a token. Throws `token_unknown`, also for another person's token unless the actor may manage people. */
export const revokeToken = (deps: RevokeDeps, actor: Actor, id: string): Promise<void> =>
  revokeTokenOf(deps, { id, userId: visibleTokenOwner(actor) }, actor.name)

/** Revokes a token of `userId` or, with null, of anybody, for the command line. */
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
