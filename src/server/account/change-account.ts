import 'server-only'
import type { Actor } from '~/domain/actor'
import type { AccountChange } from '~/domain/audit/event'
import { AppError } from '~/domain/errors'
import { deletePasskey, readSignInMethods, renamePasskey, renameUser } from '~/server/account/accounts'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof } from '~/server/auth/authorize'
import { revokeSessions } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { lockUser } from '~/server/platform/locks.sql'

type ChangeDeps = Pick<Deps, 'db' | 'now'>

export const renameAccount = (deps: ChangeDeps, actor: Actor, { name }: { readonly name: string }) =>
  change(deps, actor, 'name changed', (tx) => renameUser(tx, actor.userId, name))

export const nameOwnPasskey = (deps: ChangeDeps, actor: Actor, input: { readonly id: string; readonly name: string }) =>
  change(deps, actor, 'passkey renamed', async (tx) => {
    if (!(await renamePasskey(tx, { ...input, userId: actor.userId }))) throw unknownPasskey()
  })

/** Throws `last_way_in` if the person has no other way to sign in, and `proof_stale` without a fresh proof. */
export async function removeOwnPasskey(deps: ChangeDeps, actor: Actor, { id }: { readonly id: string }): Promise<void> {
  requireFreshProof(deps, actor, 'removing a passkey')
  await change(deps, actor, 'passkey removed', async (tx) => {
    // Two simultaneous removals must not remove the last two.
    await lockUser(tx, actor.userId)
    if (!(await deletePasskey(tx, id, actor.userId))) throw unknownPasskey()
    const left = await readSignInMethods(tx, actor.userId)
    if (left?.password || (left?.providers.length ?? 0) > 0 || (left?.passkeys.length ?? 0) > 0) return
    throw new AppError('last_way_in', 'This passkey is your only way to sign in. It was kept. Add another one first.')
  })
}

async function change(
  { db, now }: ChangeDeps,
  actor: Actor,
  made: AccountChange,
  write: (tx: DatabaseHandle) => Promise<void>,
): Promise<void> {
  const at = now()
  await db.$transaction(async (tx) => {
    await write(tx)
    const payload = { change: made }
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.account.changed', status: null, payload })
  })
}

const unknownPasskey = () =>
  new AppError('passkey_unknown', 'This passkey no longer exists. Nothing was changed. Reload the page.')

/** Ends one of the actor's sessions or, with null, all but the current one. Returns their number. */
export async function endOwnSessions(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  actor: Actor,
  id: string | null,
): Promise<{ readonly ended: number }> {
  const which = id === null ? { except: actor.sessionId ?? '' } : { only: id }
  const ended = await revokeSessions(db, { userId: actor.userId, actor: actor.name, at: now(), ...which })
  if (id !== null && ended === 0)
    throw new AppError('session_unknown', 'This session has already ended. Nothing was changed. Reload the page.')
  return { ended }
}
