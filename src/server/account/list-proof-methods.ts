import 'server-only'
import type { ProofMethods } from '~/domain/account'
import type { Actor } from '~/domain/actor'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { isConnected, listProviders } from '~/server/account/list-providers'
import { readSignInMethods } from '~/server/db/accounts'
import type { Deps } from '~/server/deps'

/** What the dialog that asks "is it you" can offer. */
export async function listProofMethods(deps: Pick<Deps, 'db' | 'config'>, actor: Actor): Promise<ProofMethods> {
  const { db, config } = deps
  const methods = await readSignInMethods(db, actor.userId)
  return {
    password: methods?.password ?? false,
    passkey: (methods?.passkeys.length ?? 0) > 0,
    sandbox: config.sandboxUrl !== undefined && actor.name === SANDBOX_OPERATOR.email,
    providers: listProviders(deps).filter(({ id }) => isConnected(deps, methods?.providers ?? [], id)),
  }
}
