import 'server-only'
import type { ProofMethods } from '~/domain/account'
import type { Actor } from '~/domain/actor'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { readSignInMethods } from '~/server/db/sign-in-methods'
import type { Deps } from '~/server/deps'

/** What the dialog that asks "is it you" can offer. */
export async function listProofMethods(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  actor: Actor,
): Promise<ProofMethods> {
  const sandbox = config.sandboxUrl !== undefined && actor.name === SANDBOX_OPERATOR.email
  return { ...(await readSignInMethods(db, actor.userId)), sandbox }
}
