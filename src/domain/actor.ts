import { inSentence } from '~/domain/foreign-text'
import { PERMISSIONS, type Permission, ROLES, type Role } from '~/domain/permissions'

/** A signed-in person, or an API token that acts for one. A token may never do more than its owner. */
export interface Actor {
  /** What deploys and audit rows record: the e-mail address, or `token:<label>`. */
  readonly name: string
  /** The person behind the actor; decides who counts as another person. */
  readonly userId: string
  readonly role: Role
  /** Environments it may change; null for all. */
  readonly environments: readonly string[] | null
  /** The scope of a token; null: everything the role may do. */
  readonly permissions: readonly Permission[] | null
  /** A token's surfaces; null: every surface of its environments. */
  readonly surfaces: readonly string[] | null
  /** `command_line`: a person's, with a token of its own. `token`: a script. `console`: an armed rollback. */
  readonly via: 'session' | 'token' | 'command_line' | 'console'
  /** When the person last proved who they are, by password or passkey; null for a script and for the console. */
  readonly provedAt: Date | null
  /** Of a request that waited in the queue: when it was sent. The proof had to be fresh then (docs/adr/063). */
  readonly queuedAt?: Date
  /** The session; a token has none. */
  readonly sessionId?: string
  /** The token; a session has none. */
  readonly tokenId?: string
}

/** What an actor may do, and where. */
export type Rights = Pick<Actor, 'role' | 'permissions' | 'environments' | 'surfaces'>

/** Whether role and scope include a permission. `reaches` says where it applies. */
export function may(actor: Pick<Actor, 'role' | 'permissions'>, permission: Permission): boolean {
  const byRole = ROLES.indexOf(actor.role) >= ROLES.indexOf(PERMISSIONS[permission])
  return byRole && (actor.permissions === null || actor.permissions.includes(permission))
}

/** Whether an actor may change things in this environment, and on this surface if one is given. */
export function reaches(
  actor: Pick<Actor, 'environments' | 'surfaces'>,
  scope: { readonly environment: string; readonly surfaceId?: string },
): boolean {
  const { environment, surfaceId } = scope
  if (actor.environments !== null && !actor.environments.includes(environment)) return false
  return actor.surfaces === null || (surfaceId !== undefined && actor.surfaces.includes(surfaceId))
}

/** How long a proof of identity (password, passkey) is valid for critical actions: deploying to production, approving, roles. */
export const PROOF_LASTS_MINUTES = 15

/**
 * Whether the actor proved their identity recently. A token is exempt: nobody can be asked, and its permissions were chosen when
 * it was created (docs/adr/032-two-people-and-fresh-proofs.md). So is an armed rollback (docs/adr/060-armed-rollback.md).
 */
export function isProofFresh(
  { via, provedAt, queuedAt }: Pick<Actor, 'via' | 'provedAt' | 'queuedAt'>,
  now: Date,
): boolean {
  if (via === 'token' || via === 'console') return true
  return provedAt !== null && (queuedAt ?? now).getTime() - provedAt.getTime() <= PROOF_LASTS_MINUTES * 60_000
}

/** Who asked for something. A token is named with its owner, since two people may use the same label. */
export const requesterWords = (request: {
  readonly requestedBy: string
  readonly requestedByOwner: string | null
}): string => {
  const [by, owner] = [inSentence(request.requestedBy), request.requestedByOwner]
  return owner === null ? by : `${by} of ${inSentence(owner)}`
}
