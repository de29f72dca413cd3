import 'server-only'
import type { ProofMethods, ProviderProof } from '~/domain/account'
import { type Actor, isProofFresh } from '~/domain/actor'
import { readSignInMethods } from '~/server/account/accounts'
import { isConnected, listProviders } from '~/server/account/list-providers'
import { readProofAskedOf } from '~/server/auth/sessions/sessions'
import type { Deps } from '~/server/deps'
import { isSandboxOperator } from '~/server/members/sandbox-sign-in'

/** What the dialog that asks "is it you" can offer. */
export async function listProofMethods(deps: Pick<Deps, 'db' | 'config' | 'now'>, actor: Actor): Promise<ProofMethods> {
  const { db, config } = deps
  const methods = await readSignInMethods(db, actor.userId)
  const inVain = isProofFresh(actor, deps.now()) ? null : await readProofAskedOf(db, actor.sessionId ?? null)
  const proofOf = (id: string): ProviderProof => {
    if (id === 'github' && config.providers.github?.provesIdentity !== true) return 'never'
    return id === inVain ? 'missing' : 'possible'
  }
  return {
    password: methods?.password ?? false,
    passkey: (methods?.passkeys.length ?? 0) > 0,
    sandbox: isSandboxOperator(deps, actor.name),
    providers: listProviders(deps)
      .filter(({ id }) => isConnected(deps, methods?.providers ?? [], id))
      .map((provider) => ({ ...provider, proof: proofOf(provider.id) })),
  }
}
