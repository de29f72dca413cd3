import { PERMISSIONS, type Permission, ROLES, type Role } from '~/domain/permissions'

/** Who acts: a person who signed in, or an API token that acts for one. Never more than what the person may do. */
export interface Actor {
  /** What deploys and audit rows record: the e-mail address, or `token:<label>`. */
  readonly name: string
  /** The person behind it; what "another person" is judged by. */
  readonly userId: string
  readonly role: Role
  /** Environments it may change; null for all. */
  readonly environments: readonly string[] | null
  /** A token's scope, narrower than the role; null: all that the role may do. */
  readonly permissions: readonly Permission[] | null
  /** A token's surfaces; null: every surface of its environments. */
  readonly surfaces: readonly string[] | null
  readonly via: 'session' | 'token'
  /** When the person last proved who they are (password, passkey); null for a token, which cannot. */
  readonly provedAt: Date | null
  /** The session it acts in; a token has none. */
  readonly sessionId?: string
  /** The token it acts with; a session has none. */
  readonly tokenId?: string
}

/** What an actor may do, and where. */
export type Rights = Pick<Actor, 'role' | 'permissions' | 'environments' | 'surfaces'>

/** Whether role and scope hold a permission. Where it may be used is `reaches`. */
export function may(actor: Pick<Actor, 'role' | 'permissions'>, permission: Permission): boolean {
  const byRole = ROLES.indexOf(actor.role) >= ROLES.indexOf(PERMISSIONS[permission])
  return byRole && (actor.permissions === null || actor.permissions.includes(permission))
}

/** Whether an actor may change something of this environment, and of this surface where it is about one. */
export function reaches(
  actor: Pick<Actor, 'environments' | 'surfaces'>,
  scope: { readonly environment: string; readonly surfaceId?: string },
): boolean {
  const { environment, surfaceId } = scope
  if (actor.environments !== null && !actor.environments.includes(environment)) return false
  return actor.surfaces === null || (surfaceId !== undefined && actor.surfaces.includes(surfaceId))
}

/** How long a proof of who somebody is (password, passkey) is good for what is grave: shipping production, approving, roles. */
export const PROOF_LASTS_MINUTES = 15

/**
 * Whether who acts has proved lately who it is. A token is exempt: nobody sits in front of it whom one could ask, and
 * what it may do was chosen when it was made (docs/adr/032-two-people-and-fresh-proofs.md).
 */
export function isProofFresh({ via, provedAt }: Pick<Actor, 'via' | 'provedAt'>, now: Date): boolean {
  if (via === 'token') return true
  return provedAt !== null && now.getTime() - provedAt.getTime() <= PROOF_LASTS_MINUTES * 60_000
}
