import 'server-only'
import { type Actor, isProofFresh, may, PROOF_LASTS_MINUTES, reaches } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { PERMISSIONS, type Permission } from '~/domain/permissions'

/** Returns the actor. Throws `signed_out` without an actor, and `permission_refused` if the actor lacks the permission. */
export function authorize(actor: Actor | null, permission: Permission): Actor {
  if (actor === null) throw new AppError('signed_out', 'You are not signed in. Nothing was done. Sign in first.')
  if (may(actor, permission)) return actor
  const outOfScope = actor.permissions !== null && !actor.permissions.includes(permission)
  throw new AppError(
    'permission_refused',
    outOfScope
      ? `This API token lacks the permission ${permission}. Nothing was done. Create a token that has this permission.`
      : `This requires the role ${PERMISSIONS[permission]}; ${actor.name} has the role ${actor.role}. Nothing was done. Ask an admin.`,
    { details: { permission, needs: PERMISSIONS[permission] } },
  )
}

/**
 * Throws `permission_refused` for an admin who is limited to environments, because managing people affects every environment, as does a feed
 * of all surfaces. Only older versions limited admins. `doing` completes "only an admin of every environment can …".
 */
export function requireWholeReach(actor: Actor, doing = 'manage people'): void {
  if (actor.environments === null) return
  throw new AppError(
    'permission_refused',
    `${actor.name} is limited to ${actor.environments.join(', ')}, and only an admin of every environment can ${doing}. ` +
      'Nothing was changed. Ask an admin of every environment, or run `npm run console -- user set-role` on the machine.',
  )
}

/** Throws `permission_refused` if the actor may not change this surface or environment. Everybody may read. */
export function requireReach(actor: Actor, scope: { readonly environment: string; readonly surfaceId?: string }): void {
  if (reaches(actor, scope)) return
  throw new AppError(
    'permission_refused',
    `${actor.name} may not change ${scope.surfaceId ?? scope.environment} (${scope.environment}). Nothing was done. Ask an admin.`,
    { details: { environment: scope.environment } },
  )
}

/**
 * For production, freezes, approvals and roles. Throws `proof_stale` if the actor's last proof is too old; the screen then asks
 * for one and repeats the request. `doing` completes the sentence "Confirm your identity before …".
 */
export function requireFreshProof(
  deps: { readonly now: () => Date },
  actor: Pick<Actor, 'via' | 'provedAt' | 'queuedAt'>,
  doing: string,
): void {
  if (isProofFresh(actor, deps.now())) return
  throw new AppError(
    'proof_stale',
    `Confirm your identity before ${doing}: your last proof is more than ${PROOF_LASTS_MINUTES} minutes old. Nothing was done. Confirm, then repeat the request.`,
    { details: { proof_lasts_minutes: PROOF_LASTS_MINUTES } },
  )
}
