import 'server-only'
import { type Actor, isProofFresh, PROOF_LASTS_MINUTES } from '~/domain/actor'
import { AppError } from '~/domain/errors'

/**
 * For what is grave: production, freezes, approvals, roles. Throws `proof_stale` when the actor's last proof is too old; the
 * screen then asks for one and repeats the same request. `doing` ends the sentence "Confirm your identity before …".
 */
export function requireFreshProof(
  deps: { readonly now: () => Date },
  actor: Pick<Actor, 'via' | 'provedAt'>,
  doing: string,
): void {
  if (isProofFresh(actor, deps.now())) return
  throw new AppError(
    'proof_stale',
    `Confirm your identity before ${doing}: you last did so more than ${PROOF_LASTS_MINUTES} minutes ago. Nothing was done; confirm, and the same request goes through.`,
    { details: { proof_lasts_minutes: PROOF_LASTS_MINUTES } },
  )
}
