import 'server-only'
import type { Actor } from '~/domain/actor'
import type { AccountChange } from '~/domain/audit/event'
import { AppError } from '~/domain/errors'
import { deletePasskey, readSignInMethods, renamePasskey, renameUser } from '~/server/account/accounts'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof } from '~/server/auth/rights/authorize'
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

/** Throws `last_way_in` when nothing else would sign this person in, `proof_stale` when the last proof is too old. */
export async function removeOwnPasskey(deps: ChangeDeps, actor: Actor, { id }: { readonly id: string }): Promise<void> {
  requireFreshProof(deps, actor, 'removing a passkey')
  await change(deps, actor, 'passkey removed', async (tx) => {
    // Two removals at once must not remove the last two.
    await lockUser(tx, actor.userId)
    if (!(await deletePasskey(tx, id, actor.userId))) throw unknownPasskey()
    const left = await readSignInMethods(tx, actor.userId)
    if (left?.password || (left?.providers.length ?? 0) > 0 || (left?.passkeys.length ?? 0) > 0) return
    throw new AppError(
      'last_way_in',
      'This passkey is all that signs you in. It was kept; add another one, then remove this one.',
    )
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

const unknownPasskey = () => new AppError('passkey_unknown', 'There is no such passkey any more. Nothing was changed.')
