import type { Actor } from '~/domain/actor'

/** How long a proof of who somebody is (password, passkey) is good for what is grave: shipping production, approving, roles. */
export const PROOF_LASTS_MINUTES = 15

/**
 * Whether who acts has proved lately who it is. A token is exempt: nobody sits in front of it whom one could ask, and
 * what it may do was chosen when it was made (docs/adr/013-second-person.md).
 */
export function isProofFresh({ via, provedAt }: Pick<Actor, 'via' | 'provedAt'>, now: Date): boolean {
  if (via === 'token') return true
  return provedAt !== null && now.getTime() - provedAt.getTime() <= PROOF_LASTS_MINUTES * 60_000
}
