import type { ProviderView } from '~/domain/account'
import { ROLES, type Role } from '~/domain/permissions'

/** The sandbox's admin. It has no password: the link that `npm start` prints signs it in. */
export const SANDBOX_OPERATOR = { email: 'operator@sandbox.local', name: 'Sandbox operator' } as const

/** `setup` makes the first admin, `invitation` another member. `recovery`, the stored name of a password link, sets a new password. */
export const LINK_KINDS = ['setup', 'invitation', 'recovery'] as const
export type LinkKind = (typeof LINK_KINDS)[number]

export const SHORTEST_PASSWORD = 12

type Limits = Pick<MemberView, 'role' | 'environments'>

/** Whether the new limits permit anything that the old ones did not. */
export function widens(was: Limits, is: Limits): boolean {
  if (ROLES.indexOf(is.role) > ROLES.indexOf(was.role)) return true
  if (was.environments === null) return false
  return is.environments === null || is.environments.some((name) => !was.environments?.includes(name))
}

/** The signed-in member, and what the server lets them do. */
export interface MemberView {
  readonly role: Role
  /** Null: all of them. */
  readonly environments: readonly string[] | null
  readonly name: string
  readonly email: string
}

/** The approvals that a member may grant or refuse now. */
export interface DecidableApprovals {
  readonly count: number
  /** Those that were requested last, the newest first. A browser notification says no more than this. */
  readonly newest: readonly {
    readonly id: string
    /** The name of the surface. */
    readonly surface: string
    readonly requestedBy: string
    readonly requestedByOwner: string | null
  }[]
}

/**
 * What a page starts from: the signed-in member, how to sign in again when the session has ended, where the sandbox is, and which approvals wait for
 * the member.
 */
export interface PageMember extends MemberView {
  readonly providers: readonly ProviderView[]
  /** The sandbox's control page; null on a console of a real GitHub. */
  readonly sandboxUrl: string | null
  readonly decidable: DecidableApprovals
}

/** One row of the screen “People”. */
export interface MemberEntry extends MemberView {
  readonly userId: string
  readonly addedBy: string
  readonly addedAt: string
  /** Null while the member has access. */
  readonly suspendedAt: string | null
}

/** An invitation or a link for a new password that nobody has used yet. The link itself is not stored. */
export interface InvitationEntry {
  readonly id: string
  readonly kind: LinkKind
  readonly email: string | null
  readonly role: Role
  readonly environments: readonly string[] | null
  readonly createdBy: string
  readonly expiresAt: string
}
