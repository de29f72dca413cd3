import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { findToken, markRevoked } from '~/server/db/api-tokens'
import { appendAuditEvent } from '~/server/db/audit'
import type { Deps } from '~/server/deps'
import { tokensWithinReach } from '~/server/tokens/list-tokens'
import { tokenEvent } from '~/server/tokens/token-view'

/**
 * Takes a token away, from the next request on; again, it changes nothing. Somebody else's is as unknown as one that
 * never was, unless the actor manages people. Throws `token_unknown`.
 */
export async function revokeToken(deps: Pick<Deps, 'db' | 'now'>, actor: Actor, id: string): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const token = await findToken(tx, id, tokensWithinReach(actor))
    if (token === null) throw new AppError('token_unknown', `There is no API token ${id}. Nothing was revoked.`)
    if (!(await markRevoked(tx, id, { by: actor.name, at }))) return
    await appendAuditEvent(tx, { actor: actor.name, at }, tokenEvent('console.token.revoked', token))
  })
}
