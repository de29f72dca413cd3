import 'server-only'
import { type Actor, may, reaches } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { PERMISSIONS, type Permission } from '~/domain/permissions'

/** The actor, if it may. Throws `signed_out` for nobody, `permission_refused` for somebody who may not. */
export function authorize(actor: Actor | null, permission: Permission): Actor {
  if (actor === null) throw new AppError('signed_out', 'You are not signed in. Nothing was done; sign in first.')
  if (may(actor, permission)) return actor
  const outOfScope = actor.permissions !== null && !actor.permissions.includes(permission)
  throw new AppError(
    'permission_refused',
    outOfScope
      ? `This API token's scope does not hold ${permission}. Nothing was done; make a token that does.`
      : `${actor.name} is ${actor.role}; this takes ${PERMISSIONS[permission]}. Nothing was done; ask an admin.`,
    { details: { permission, needs: PERMISSIONS[permission] } },
  )
}

/**
 * Throws `permission_refused` for an admin of some environments only. There are none any more, but for those an older version
 * made: what they could give others, or themselves, is beyond their limits.
 */
export function requireWholeReach(actor: Actor): void {
  if (actor.environments === null) return
  throw new AppError(
    'permission_refused',
    `${actor.name} is an admin of ${actor.environments.join(', ')} only, and people are managed for every environment. ` +
      'Nothing was changed; ask an admin without limits, or run `npm run console -- user set-role` on the machine.',
  )
}

/** Throws `permission_refused` when this surface or environment is beyond the actor's limits. Only for changes: all may read. */
export function requireReach(actor: Actor, scope: { readonly environment: string; readonly surfaceId?: string }): void {
  if (reaches(actor, scope)) return
  throw new AppError(
    'permission_refused',
    `${actor.name} may not change ${scope.surfaceId ?? scope.environment} (${scope.environment}). Nothing was done; ask an admin.`,
    { details: { environment: scope.environment } },
  )
}
